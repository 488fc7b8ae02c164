import {describe, expect, test} from 'vitest';
import {StepHistory, type StepValue} from '../../../src/tui/run/index.ts';

const losses = (count: number, loss: (step: number) => number | null): StepValue[] =>
	Array.from({length: count}, (_, index) => ({step: index + 1, value: loss(index + 1)}));

describe('the history of losses', () => {
	test('keeps each step while there are few', () => {
		const {buckets} = StepHistory.empty.with(losses(3, step => step / 10));
		expect(buckets.map(({firstStep, min, max, count}) => [firstStep, min, max, count])).toEqual([[1, 0.1, 0.1, 1], [2, 0.2, 0.2, 1], [3, 0.3, 0.3, 1]]);
	});

	test('of a day at 3 steps a second stays small and loses no spike, no NaN and no step', () => {
		const steps = 24 * 3600 * 3;
		const {buckets} = StepHistory.empty.with(losses(steps, step => step === 123_457 ? 0.9 : step === 200_001 ? null : 0.1));
		expect(buckets.length).toBeLessThanOrEqual(1024);
		expect(buckets.length).toBeGreaterThanOrEqual(512);
		expect(buckets.filter(({max}) => max === 0.9)).toHaveLength(1);
		expect(buckets.reduce((sum, {invalid}) => sum + invalid, 0)).toBe(1);
		expect(buckets.reduce((sum, {count, invalid}) => sum + count + invalid, 0)).toBe(steps);
		expect(buckets.reduce((sum, bucket) => sum + bucket.sum, 0)).toBeCloseTo(0.1 * (steps - 2) + 0.9, 3);
	});

	test('is the same whether it comes at once or in pieces', () => {
		const all = losses(5000, step => Math.sin(step));
		let pieces = StepHistory.empty;
		for (let start = 0; start < all.length; start += 7) {
			pieces = pieces.with(all.slice(start, start + 7));
		}

		expect(pieces).toEqual(StepHistory.empty.with(all));
	});

	test('of what is measured now and then has a bucket for each measurement', () => {
		const {buckets} = StepHistory.empty.with([{step: 0, value: 0.4}, {step: 100, value: 0.3}, {step: 250, value: 0.2}]);
		expect(buckets.map(({firstStep, min}) => [firstStep, min])).toEqual([[0, 0.4], [100, 0.3], [250, 0.2]]);
	});

	test('forgets the steps that a resumed run takes anew', () => {
		const history = StepHistory.empty.with(losses(10, () => 0.5)).upTo(4);
		expect(history.buckets.at(-1)?.firstStep).toBe(4);
		expect(history.with([{step: 5, value: 0.1}]).buckets).toHaveLength(5);
	});
});
