import {readFileSync} from 'node:fs';
import {expect, it} from 'vitest';
import {priorWeightAt} from '../../src/train/loss.ts';

const scaled = {priorLossWeight: 1, scalePriorLoss: true, priorLossTarget: 100, priorLossWeightMin: 0.1};

it('9. the scaled prior weight at epoch 0, half and target is the weight, the mean and the minimum', () => {
	expect(priorWeightAt(0, scaled)).toBe(1);
	expect(priorWeightAt(50, scaled)).toBeCloseTo(0.55, 12);
	expect(priorWeightAt(100, scaled)).toBeCloseTo(0.1, 12);
	expect(priorWeightAt(5000, scaled)).toBeCloseTo(0.1, 12);
	expect(priorWeightAt(50, {...scaled, scalePriorLoss: false})).toBe(1);
});

it('9. the scaled prior weight has the reference values', () => {
	const reference = JSON.parse(readFileSync('tests/fixtures/training/prior-weight-schedule.json', 'utf8'));
	const values: Record<string, number> | number[] = reference.values;
	const schedule = {priorLossWeight: reference.weight, scalePriorLoss: true, priorLossTarget: reference.target_epochs, priorLossWeightMin: reference.min};
	const entries = Object.entries(values);
	expect(entries.length).toBeGreaterThan(10);
	for (const [epoch, value] of entries) expect(priorWeightAt(Number(epoch), schedule)).toBeCloseTo(value, 9);
});
