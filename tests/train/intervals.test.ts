import {describe, expect, it} from 'vitest';
import {dueAfter} from '../../src/train/intervals.ts';
import {smallConfig, type RunOptions} from './training-run.ts';

/** The steps of 1 … 12 after which something is due, with 5 images and 2 of them a step: 2.5 steps an epoch. */
function due(what: keyof ReturnType<typeof dueAfter>, settings: RunOptions): number[] {
	const config = smallConfig({saveEverySteps: 0, sampleEverySteps: 0, ...settings});
	return Array.from({length: 12}, (_, i) => i + 1).filter(step => dueAfter(step, config, {imagesPerStep: 2, imagesPerEpoch: 5})[what]);
}

describe('what is due after a step', () => {
	it('nothing when all intervals are 0', () => {
		expect(['save', 'sample', 'validate', 'coolDown'].flatMap(what => due(what as 'save', {}))).toEqual([]);
	});

	it('by steps', () => {
		expect(due('save', {saveEverySteps: 5})).toEqual([5, 10]);
		expect(due('sample', {sampleEverySteps: 4})).toEqual([4, 8, 12]);
	});

	it('by epochs: with the step that completes one', () => {
		expect(due('save', {saveEveryEpochs: 1})).toEqual([3, 5, 8, 10]);
		expect(due('sample', {sampleEveryEpochs: 2})).toEqual([5, 10]);
		expect(due('coolDown', {pauseEveryEpochs: 4, pauseSeconds: 1})).toEqual([10]);
		expect(due('coolDown', {pauseEveryEpochs: 4, pauseSeconds: 0})).toEqual([]);
	});

	it('by both', () => {
		expect(due('save', {saveEverySteps: 4, saveEveryEpochs: 2})).toEqual([4, 5, 8, 10, 12]);
	});

	it('validation only with images for it', () => {
		expect(due('validate', {validationImages: 1, validateEverySteps: 6})).toEqual([6, 12]);
		expect(due('validate', {validationImages: 0, validateEverySteps: 6})).toEqual([]);
	});
});
