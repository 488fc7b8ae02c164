import {expect, it} from 'vitest';
import {learningRateAt, schedules} from '../../src/train/optim/index.ts';

const options = {learningRate: 1e-4, warmupSteps: 10, totalSteps: 200, cycles: 1, power: 1, minLearningRate: 1e-6};

it('3. cosine ends low, not high', () => {
	const rates = Array.from({length: 200}, (_, done) => learningRateAt('cosine', done, options));
	expect(Math.max(...rates)).toBe(rates[10]);
	expect(rates[10]).toBe(1e-4);
	for (let step = 11; step < 200; step++) expect(rates[step]).toBeLessThan(rates[step - 1]);
	expect(rates[199]).toBeLessThan(1e-4 * 1e-3);
});

it('3. so does every other schedule that falls', () => {
	const falling = schedules.map(({name}) => name).filter(name => !['constant', 'constant_with_warmup', 'ramp', 'piecewise_constant', 'cosine_annealing_with_restarts'].includes(name));
	expect(falling.length).toBeGreaterThanOrEqual(6);
	for (const name of falling) {
		const last = learningRateAt(name, 199, options);
		expect([name, last < 0.05 * 1e-4]).toEqual([name, true]);
		expect(learningRateAt(name, 100, options)).toBeGreaterThan(last);
	}
});
