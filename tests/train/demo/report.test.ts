import {describe, expect, test} from 'vitest';
import type {DemoFigures} from '../../../src/train/evaluation-messages.ts';
import {compareFigures, type Trained} from '../../../src/train/demo/index.ts';

/** What the recipe measured of its base model, and after 300 steps with and without prior (its section 4). */
const base: DemoFigures = {
	instance: {pictures: 8, similarity: 0.035, correlation: 0.247, hits: 0},
	context: {pictures: 12, similarity: 0.027, sceneAsAsked: 12, both: 0},
	class: {pictures: 16, similarity: 0.027, leaked: 0, robots: 16},
};
const withPrior: DemoFigures = {
	instance: {pictures: 8, similarity: 0.282, correlation: 0.701, hits: 8},
	context: {pictures: 12, similarity: 0.183, sceneAsAsked: 12, both: 11},
	class: {pictures: 16, similarity: 0.038, leaked: 0, robots: 16},
};
const withoutPrior: DemoFigures = {
	instance: {pictures: 8, similarity: 0.271, correlation: 0.698, hits: 8},
	context: {pictures: 12, similarity: 0.218, sceneAsAsked: 7, both: 7},
	class: {pictures: 16, similarity: 0.284, leaked: 16, robots: 16},
};

/** The labels of what was not reached. */
const missed = (after: DemoFigures, trained: Trained, before = base) => compareFigures(before, after, trained).filter(({reached}) => reached === false).map(({label}) => label.trim());

describe('the report of a demo', () => {
	test('the recipe\'s own runs reach every target', () => {
		expect(missed(withPrior, {steps: 200, prior: true})).toEqual([]);
		expect(missed(withoutPrior, {steps: 200, prior: false})).toEqual([]);
	});

	test('a model that has learned nothing misses what is about the subject, and has kept the rest', () => {
		expect(missed(base, {steps: 200, prior: true})).toEqual(['subject similarity', 'correlation of its shape', 'pictures that surely show it', 'and surely shows it']);
	});

	test('with prior, other robots may not have become the subject', () => {
		expect(missed(withoutPrior, {steps: 200, prior: true})).toEqual(['the scene is as asked', 'prior: other robots like it', 'turned into it']);
	});

	test('without prior they must have: the control shows that the class images do something', () => {
		expect(missed(withPrior, {steps: 200, prior: false})).toEqual(['prior: other robots like it']);
	});

	test('a base model that knows the subject already proves nothing', () => {
		expect(missed(withPrior, {steps: 200, prior: true}, {...base, instance: {...base.instance, similarity: 0.07}})).toEqual(['subject similarity']);
	});

	test('less is expected of 100 steps, and nothing of fewer', () => {
		const targets = (steps: number) => compareFigures(base, withPrior, {steps, prior: true}).map(({target}) => target).filter(target => target !== '');
		expect(targets(200)).toHaveLength(8);
		expect(targets(100)).toEqual(['at least .15', 'at least .50']);
		expect(targets(99)).toEqual([]);
	});

	test('writes similarities with three digits, counts as counts, and targets in whole pictures', () => {
		const rows = compareFigures(base, withPrior, {steps: 200, prior: true});
		expect(rows[0]).toEqual({label: 'subject similarity', before: '.035', after: '.282', target: 'at least .20', reached: true});
		expect(rows[2]).toMatchObject({before: '0/8', after: '8/8', target: 'at least 7/8'});
		expect(rows[4]).toMatchObject({target: 'at least 11/12'});
		expect(rows[7]).toMatchObject({target: 'at most 0/16'});
	});
});
