import {describe, expect, test} from 'vitest';
import {addNoise, noiseSchedule, signalToNoise, velocity} from '../../../src/train/diffusion/index.ts';

const stableDiffusion = {numTrainTimesteps: 1000, betaStart: 0.00085, betaEnd: 0.012, betaSchedule: 'scaled_linear', rescaleBetasZeroSnr: false} as const;

describe('noiseSchedule', () => {
	test('has the known values of Stable Diffusion', () => {
		const schedule = noiseSchedule(stableDiffusion);
		for (const [t, alphaBar] of [[0, 0.99915], [1, 0.998296], [500, 0.27633], [999, 0.0046601]]) expect(schedule.alphasCumprod[t]).toBeCloseTo(alphaBar, 5);
		const ratios = signalToNoise(schedule);
		expect(ratios[0]).toBeCloseTo(1175.4, 1);
		expect(ratios[999]).toBeCloseTo(0.004682, 6);
	});

	test('keeps the first noise level and ends in pure noise with zero terminal SNR', () => {
		const {alphasCumprod, signalRates, noiseRates} = noiseSchedule({...stableDiffusion, rescaleBetasZeroSnr: true});
		expect(alphasCumprod[0]).toBeCloseTo(0.99915, 6);
		expect(alphasCumprod[500]).toBeCloseTo(0.241019, 5);
		expect(alphasCumprod[998]).toBeCloseTo(1.968e-7, 10);
		expect([signalRates[999], noiseRates[999]]).toEqual([0, 1]);
	});

	test('refuses betas that are no probabilities, and says where they stand', () => {
		expect(() => noiseSchedule({...stableDiffusion, betaSchedule: 'linear', betaEnd: 1.5})).toThrow(
			expect.objectContaining({message: expect.stringContaining('1.5'), action: expect.stringContaining('scheduler_config.json')}),
		);
	});
});

test('noise and velocity are the rotation of the image by the noise level: from both of them the image and the noise come back', () => {
	const schedule = noiseSchedule(stableDiffusion);
	const latents = Float32Array.of(1, -2, 0.5, 3);
	const noise = Float32Array.of(0.25, 1, -1, 2);
	const timesteps = [3, 700];
	const noisy = addNoise(schedule, latents, noise, timesteps);
	const v = velocity(schedule, latents, noise, timesteps);
	for (let i = 0; i < 4; i++) {
		const t = timesteps[i >> 1];
		const [signal, share] = [schedule.signalRates[t], schedule.noiseRates[t]];
		expect(signal * noisy[i] - share * v[i]).toBeCloseTo(latents[i], 5);
		expect(share * noisy[i] + signal * v[i]).toBeCloseTo(noise[i], 5);
	}
});
