import {describe, expect, test} from 'vitest';
import {addNoise, createSampler, effectiveSchedulerConfig, noiseSchedule, samplers, type Sampler} from '../../../src/train/diffusion/index.ts';
import {parseSchedulerConfig} from '../../../src/train/weights/index.ts';

const ramp = Float32Array.from({length: 768}, (_, i) => i / 768);
const reversedRamp = ramp.toReversed();
const total = (x: Float32Array) => x.reduce((sum, value) => sum + Math.abs(value), 0);
const network = (x: Float32Array, t: number) => x.map(value => (value * t) / (t + 1));
const folder = (config: object) => parseSchedulerConfig({beta_start: 0.0001, beta_end: 0.02, beta_schedule: 'linear', ...config});

/** All steps from call `first` on. `fromInput`: `step` starts from what the network saw. */
function walk(sampler: Sampler, start: Float32Array, {first = 0, fromInput = false} = {}): Float32Array {
	let x = start;
	for (let i = first; i < sampler.timesteps.length; i++) {
		const input = sampler.scaleInput(x, i);
		x = sampler.step(network(input, sampler.timesteps[i]), fromInput ? input : x, i);
	}
	return x;
}

// The checks of the reference implementation's own test-suite: sums of |x| within 1e-2.
describe('deterministic walks end where the reference implementation says', () => {
	test.each([
		{case: 'DDIM', name: 'ddim', config: {}, sum: 172.0067},
		{case: 'DDIM, v-prediction', name: 'ddim', config: {prediction_type: 'v_prediction'}, sum: 52.5302},
		{case: 'DDIM, last ᾱ 1', name: 'ddim', config: {beta_start: 0.01, set_alpha_to_one: true}, sum: 149.8295},
		{case: 'DDIM, last ᾱ ᾱ₀', name: 'ddim', config: {beta_start: 0.01, set_alpha_to_one: false}, sum: 149.0784},
		{case: 'Euler with Karras levels', name: 'euler', config: {num_train_timesteps: 1100, use_karras_sigmas: true}, fromInput: true, sum: 124.523},
		{case: 'Euler', name: 'euler', config: {num_train_timesteps: 1100}, fromInput: true, sum: 10.0807},
	] as const)('$case', ({name, config, sum, ...how}) => {
		const sampler = createSampler(name, folder(config), 10);
		const start = ramp.map(value => value * sampler.initialNoiseScale);
		expect(Math.abs(total(walk(sampler, start, how)) - sum)).toBeLessThan(1e-2);
	});

	test('DDIM from a noisy image at its step 8', () => {
		const config = folder({});
		const sampler = createSampler('ddim', config, 10);
		const noisy = addNoise(noiseSchedule(config), ramp, reversedRamp, [sampler.timesteps[8]]);
		expect(Math.abs(total(walk(sampler, noisy, {first: 8})) - 354.5418)).toBeLessThan(1e-2);
	});

	test('Euler from a noisy image at its step 8', () => {
		const sampler = createSampler('euler', folder({num_train_timesteps: 1100}), 10);
		const sigma = sampler.sigmas?.[8] ?? Number.NaN;
		const noisy = ramp.map((value, i) => value * sampler.initialNoiseScale + reversedRamp[i] * sigma);
		expect(Math.abs(total(walk(sampler, noisy, {first: 8, fromInput: true})) / 57062.93 - 1)).toBeLessThan(1e-4);
	});
});

describe('every sampler', () => {
	const stableDiffusion = parseSchedulerConfig({beta_start: 0.00085, beta_end: 0.012, beta_schedule: 'scaled_linear', steps_offset: 1, clip_sample: false, set_alpha_to_one: false});
	const {signalRates, noiseRates} = noiseSchedule(stableDiffusion);

	// A network that knows the image names exactly the noise between it and the latent: every method must then find the image.
	test.each(samplers.map(({name}) => name))('%s finds the image that a perfect network points to', name => {
		const image = ramp.map(value => 2 * value - 1);
		const sampler = createSampler(name, stableDiffusion, 20);
		const variancePreserving = name !== 'euler' && name !== 'euler_a';
		let x: Float32Array = reversedRamp.map(value => value * sampler.initialNoiseScale);
		sampler.timesteps.forEach((t, i) => {
			const level = sampler.sigmas?.[i] ?? noiseRates[t] / signalRates[t];
			const signal = variancePreserving ? 1 / Math.sqrt(level ** 2 + 1) : 1;
			const output = x.map((value, k) => (value - signal * image[k]) / (level * signal));
			x = sampler.step(output, x, i, sampler.needsNoise ? reversedRamp : undefined);
		});
		// The samplers that stop at timestep 1 or 0 of the noise schedule keep its noise level, 4 %.
		const worst = x.reduce((most, value, k) => Math.max(most, Math.abs(value - image[k])), 0);
		expect(worst).toBeLessThan(0.05);
	});

	test.each(samplers.map(({name}) => name))('%s gives the same walk when it is used again', name => {
		const sampler = createSampler(name, stableDiffusion, 5);
		const run = () => {
			let x: Float32Array = ramp;
			sampler.timesteps.forEach((t, i) => {
				x = sampler.step(network(sampler.scaleInput(x, i), t), x, i, reversedRamp);
			});
			return x;
		};
		const once = run();
		expect(run()).toEqual(once);
	});

	test.each(samplers.map(({name}) => name))('%s makes a single step, and says how many it can make', name => {
		const sampler = createSampler(name, stableDiffusion, 1);
		const end = sampler.step(network(ramp, sampler.timesteps[0]), ramp, 0, reversedRamp);
		expect(end.every(Number.isFinite)).toBe(true);
		for (const steps of [0, 1001, 2.5]) expect(() => createSampler(name, stableDiffusion, steps)).toThrow(expect.objectContaining({action: expect.stringMatching(/1 to (1000|999) /)}));
	});
});

describe('effectiveSchedulerConfig', () => {
	test('a field that the folder does not have takes the default of the new class', () => {
		const silent = parseSchedulerConfig({_class_name: 'PNDMScheduler'});
		expect(effectiveSchedulerConfig('ddim', silent)).toMatchObject({timestepSpacing: 'leading', clipSample: true, setAlphaToOne: true});
		expect(effectiveSchedulerConfig('pndm', silent)).toMatchObject({timestepSpacing: 'leading', setAlphaToOne: false});
		for (const name of ['euler', 'euler_a', 'dpmpp_2m', 'unipc'] as const) expect(effectiveSchedulerConfig(name, silent).timestepSpacing).toBe('linspace');
	});

	test('a field that the folder has counts for every sampler', () => {
		const explicit = parseSchedulerConfig({timestep_spacing: 'leading', set_alpha_to_one: false, steps_offset: 1, clip_sample: false, prediction_type: 'v_prediction'});
		for (const {name} of samplers) {
			expect(effectiveSchedulerConfig(name, explicit)).toMatchObject({timestepSpacing: 'leading', setAlphaToOne: false, stepsOffset: 1, clipSample: false, predictionType: 'v_prediction'});
		}
	});

	test('a field that the class does not know has no effect', () => {
		const config = parseSchedulerConfig({rescale_betas_zero_snr: true, use_karras_sigmas: true, prediction_type: 'v_prediction'});
		expect(effectiveSchedulerConfig('pndm', config).rescaleBetasZeroSnr).toBe(false);
		expect(effectiveSchedulerConfig('euler_a', config)).toMatchObject({useKarrasSigmas: false, rescaleBetasZeroSnr: true});
	});
});

test('zero terminal SNR with noise prediction is refused with the field to change', () => {
	const config = parseSchedulerConfig({rescale_betas_zero_snr: true});
	expect(() => createSampler('ddim', config, 10)).toThrow(expect.objectContaining({name: 'DiffusionError', action: expect.stringContaining('rescale_betas_zero_snr')}));
});
