import {describe, expect, test} from 'vitest';
import {compileTime, compileTimesOfShape, defaultConfig, describeCompiling, publishedShapes, readModelFacts, secondsSavedByCompiling} from '../../src/presets/index.ts';

const sd15 = {shape: publishedShapes.sd15};
const demo = readModelFacts('demo');
const unetOnly = {trainsTextEncoder: false, gradientCheckpointing: false};
/** Whether a figure is within a share of what was measured. */
const near = (value: number, measured: number, share: number) => expect(Math.abs(value / measured - 1)).toBeLessThan(share);

describe('compiling takes', () => {
	test('what was measured for SD 1.5 on a GPU and for the demo on a CPU', () => {
		near(compileTime(sd15, 'gpu', unetOnly).first, 79.9, 0.05);
		near(compileTime(sd15, 'gpu', unetOnly).again, 4.5, 0.05);
		near(compileTime(sd15, 'gpu', {...unetOnly, gradientCheckpointing: true}).first, 102.4, 0.05);
		near(compileTime(sd15, 'gpu', {...unetOnly, gradientCheckpointing: true}).again, 10.8, 0.05);
		near(compileTime(sd15, 'gpu', {...unetOnly, trainsTextEncoder: true}).again, 6.5, 0.15);
		near(compileTime(demo, 'cpu', unetOnly).first, 19.5, 0.1);
	});

	test('about half of that for a network of half as many layers, and longer with the text encoder', () => {
		// 90 to 115 s for a tiny network where SD 1.5 took 197 s.
		near(compileTime(demo, 'gpu', unetOnly).first / compileTime(sd15, 'gpu', unetOnly).first, 102.5 / 197, 0.15);
		expect(compileTime(sd15, 'gpu', {...unetOnly, trainsTextEncoder: true}).first).toBeGreaterThan(compileTime(sd15, 'gpu', unetOnly).first);
	});

	test('as long each time on a CPU, where nothing is kept', () => {
		const {first, again} = compileTime(demo, 'cpu', unetOnly);
		expect(again).toBe(first);
	});
});

test('a shape has a function for each phase of the text encoder and each part of a step, and none without XLA', () => {
	const count = (changes: Partial<ReturnType<typeof defaultConfig>>, device: 'cpu' | 'gpu' = 'gpu') => compileTimesOfShape({...defaultConfig(), trainTextEncoder: true, ...changes}, sd15, device).length;
	expect([count({}), count({textEncoderStepRatio: 0.5}), count({gradientAccumulation: 2}), count({textEncoderStepRatio: 0.5, gradientAccumulation: 2})]).toEqual([1, 2, 2, 4]);
	expect([count({textEncoderStepRatio: 0.5, trainTextEncoder: false}), count({}, 'cpu'), count({engine: 'graph'}), count({engine: 'xla'}, 'cpu')]).toEqual([1, 0, 0, 1]);
});

test('a compiled step saves what was measured, more with more and larger images', () => {
	near(secondsSavedByCompiling(sd15, {images: 1, pixels: 512 ** 2, ...unetOnly}), 0.1109 - 0.0441, 0.02);
	near(secondsSavedByCompiling(demo, {images: 8, pixels: 64 ** 2, trainsTextEncoder: true}), 0.042 - 0.00535, 0.02);
	const one = {images: 1, pixels: 512 ** 2, ...unetOnly};
	for (const larger of [{...one, images: 4}, {...one, pixels: 768 ** 2}, {...one, trainsTextEncoder: true}]) expect(secondsSavedByCompiling(sd15, larger)).toBeGreaterThan(secondsSavedByCompiling(sd15, one));
});

test('is said in round figures', () => {
	expect(describeCompiling([{first: 104, again: 15.2}, {first: 131, again: 15}, {first: 104, again: 15}])).toBe('3 step functions to compile, about 2 minutes each the first time on this machine, 15 seconds later on');
	expect(describeCompiling([{first: 53, again: 15}])).toBe('1 step function to compile, about 55 seconds the first time on this machine, 15 seconds later on');
	expect(describeCompiling([{first: 53, again: 15}], 'bucket in use')).toBe('1 step function to compile for each bucket in use, about 55 seconds each the first time on this machine, 15 seconds later on');
	expect(describeCompiling([{first: 20, again: 20}, {first: 20, again: 20}])).toBe('2 step functions to compile, about 20 seconds each');
});
