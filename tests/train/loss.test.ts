import {describe, expect, it} from 'vitest';
import {noiseSchedule, signalToNoise} from '../../src/train/diffusion/index.ts';
import {minSnrWeight, rowWeights, type LossOptions, type LossRow} from '../../src/train/loss.ts';

const schedule = noiseSchedule({numTrainTimesteps: 1000, betaStart: 0.000_85, betaEnd: 0.012, betaSchedule: 'scaled_linear', rescaleBetasZeroSnr: false});
const options: LossOptions = {priorWeight: 0.5, splitLoss: true, minSnrGamma: 0, predictionType: 'epsilon', schedule};
const rows = (...kinds: LossRow['kind'][]): LossRow[] => kinds.map((kind, i) => ({kind, timestep: 100 * i}));
const close = (actual: Float32Array, expected: number[]) => expected.forEach((value, i) => expect(actual[i]).toBeCloseTo(value, 6));

describe('row weights', () => {
	it('give instance and prior loss a mean of their own', () => {
		close(rowWeights(rows('instance', 'instance', 'class', 'class'), options), [0.5, 0.5, 0.25, 0.25]);
	});

	it('take the mean over the class images there are', () => {
		close(rowWeights(rows('instance', 'instance', 'class', 'filling'), options), [0.5, 0.5, 0.5, 0]);
	});

	it('without split loss are one mean times the mean weight, as the extension has it', () => {
		const weights = rowWeights(rows('instance', 'instance', 'class', 'filling'), {...options, splitLoss: false});
		close(weights, [2.5 / 9, 2.5 / 9, 2.5 / 9, 0]);
	});

	it('with min-SNR weigh every image by its own timestep', () => {
		const snr = signalToNoise(schedule);
		expect(snr[0]).toBeGreaterThan(1000);
		expect(snr[147]).toBeLessThan(5);
		close(rowWeights(rows('instance', 'class', 'class'), {...options, minSnrGamma: 5}), [5 / snr[0], (0.25 * 5) / snr[100], 0.25]);
	});
});

describe('the min-SNR weight', () => {
	it('of a network that predicts noise is min(SNR, γ) / SNR, and 1 without any signal', () => {
		expect(minSnrWeight(20, 5, 'epsilon')).toBe(0.25);
		expect(minSnrWeight(2, 5, 'epsilon')).toBe(1);
		expect(minSnrWeight(0, 5, 'epsilon')).toBe(1);
	});

	it('of a network that predicts velocity is min(SNR, γ) / (SNR + 1)', () => {
		expect(minSnrWeight(19, 5, 'v_prediction')).toBe(0.25);
		expect(minSnrWeight(0, 5, 'v_prediction')).toBe(0);
	});
});
