import {describe, expect, test} from 'vitest';
import {emaDecay} from '../../../src/train/optim/ema-decay.ts';
import {learningRateAt, schedules, type ScheduleOptions} from '../../../src/train/optim/schedules/index.ts';

const options: ScheduleOptions = {learningRate: 2e-6, warmupSteps: 10, totalSteps: 110};

describe('learning-rate schedules', () => {
	test.each(['constant_with_warmup', 'linear', 'cosine', 'cosine_with_restarts', 'polynomial'] as const)('%s rises from 0 to the full rate over the warm-up', name => {
		expect([0, 5, 10].map(step => learningRateAt(name, step, options) / 2e-6)).toEqual([0, 0.5, expect.closeTo(1, 12)]);
	});

	test.each([['linear', 0], ['cosine', 0], ['cosine_with_restarts', 0], ['polynomial', 1e-7]] as const)('%s ends at %s with the last step and stays there', (name, end) => {
		for (const step of [110, 200]) expect(learningRateAt(name, step, options)).toBeCloseTo(end, 15);
	});

	test('restarts begin every cycle at the full rate', () => {
		const rates = [10, 35, 59, 60].map(step => learningRateAt('cosine_with_restarts', step, {...options, cycles: 2}) / 2e-6);
		expect(rates).toEqual([1, expect.closeTo(0.5, 6), expect.closeTo(0, 2), 1]);
	});

	test('a rate below the end of the polynomial schedule stays as it is', () => {
		expect(learningRateAt('polynomial', 60, {...options, learningRate: 1e-8})).toBeCloseTo(1e-8, 20);
	});

	test('no schedule gives NaN when the run has no step after the warm-up', () => {
		for (const {name} of schedules) {
			for (const step of [0, 9, 10]) expect(learningRateAt(name, step, {...options, totalSteps: 10})).toBeGreaterThanOrEqual(0);
		}
	});

	describe('that reach something at a share of the run', () => {
		const long: ScheduleOptions = {learningRate: 2e-6, warmupSteps: 0, totalSteps: 100};
		const rates = (name: (typeof schedules)[number]['name'], steps: readonly number[], more: Partial<ScheduleOptions>) => steps.map(step => learningRateAt(name, step, {...long, ...more}) / 2e-6);

		test('constant begins with its factor and takes the full rate at the position', () => {
			expect(rates('constant', [0, 39, 40, 99], {startFactor: 0.5, position: 0.4})).toEqual([0.5, 0.5, 1, 1]);
			expect(rates('constant', [0, 99], {})).toEqual([1, 1]);
		});

		test('ramp rises from its factor in a line up to the position', () => {
			expect(rates('ramp', [0, 20, 40, 99], {startFactor: 0.5, position: 0.4})).toEqual([0.5, expect.closeTo(0.75, 12), 1, 1]);
		});

		test('cosine_annealing falls in half a cosine to its floor', () => {
			expect(rates('cosine_annealing', [0, 50, 100], {minLearningRate: 1e-6})).toEqual([1, expect.closeTo(0.75, 12), expect.closeTo(0.5, 12)]);
			expect(rates('cosine_annealing', [0, 20, 40], {minLearningRate: 1e-6, position: 0.4})).toEqual([1, expect.closeTo(0.75, 12), expect.closeTo(0.5, 12)]);
		});

		test('cosine_annealing_with_restarts falls in half of that time, again and again', () => {
			expect(rates('cosine_annealing_with_restarts', [0, 25, 50, 75], {minLearningRate: 1e-6})).toEqual([1, expect.closeTo(0.75, 12), 1, expect.closeTo(0.75, 12)]);
		});

		test.each(['cosine_annealing', 'cosine_annealing_with_restarts'] as const)('%s never lifts a rate that is below its floor', name => {
			for (const step of [0, 10, 25, 49, 99, 100]) expect(learningRateAt(name, step, {...long, learningRate: 1e-7, minLearningRate: 1e-6})).toBeCloseTo(1e-7, 20);
		});
	});

	test('rex is (1 − p)/(0.1 + 0.9(1 − p)): 10/11 halfway, 0 at the end', () => {
		expect([0, 55, 110].map(step => learningRateAt('rex', step, options) / 2e-6)).toEqual([1, expect.closeTo(0.5 / 0.55, 7), expect.closeTo(0, 7)]);
	});

	test.each(['', '1:10', '1:10,x', '1:20,0.1:10,0.01', '-1:10,1', '1:2.5,1', '1:10:3,1'])('the rule "%s" is refused with an example', rules => {
		expect(() => learningRateAt('piecewise_constant', 0, {...options, rules})).toThrow(expect.objectContaining({name: 'ScheduleError', action: expect.stringContaining('1:10,0.1:20,0.01')}));
	});
});

describe('emaDecay', () => {
	test('the first update copies the parameters, later ones follow (1 + s)/(10 + s) up to the limit', () => {
		const rule = {kind: 'diffusers', decay: 0.9999} as const;
		expect([0, 1, 2].map(done => emaDecay(rule, done))).toEqual([0, 2 / 11, 3 / 12]);
		expect(emaDecay(rule, 1e9)).toBe(0.9999);
	});

	test('the warm-up follows 1 − (1 + s)^(−2/3) up to the limit', () => {
		const rule = {kind: 'warmup', decay: 0.999, gamma: 1, power: 2 / 3} as const;
		expect(emaDecay(rule, 0)).toBe(0);
		expect(emaDecay(rule, 7)).toBeCloseTo(0.75, 12);
		expect(emaDecay(rule, 1e9)).toBe(0.999);
	});

	test('a constant decay holds from the first update on', () => {
		expect([0, 5].map(done => emaDecay({kind: 'constant', decay: 0.99}, done))).toEqual([0.99, 0.99]);
	});
});
