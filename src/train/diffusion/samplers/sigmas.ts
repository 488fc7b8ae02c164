import {noiseSchedule} from '../noise-schedule.ts';
import type {SamplerConfig} from './sampler.ts';

/**
 * σ_t = √((1−ᾱ_t)/ᾱ_t) for every training timestep, rising. With zero terminal SNR the last ᾱ is taken as 2⁻²⁴
 * (the smallest half-precision number), so that the first σ of a walk is 4096 and not infinite.
 */
export function trainingSigmas(config: SamplerConfig): Float32Array {
	const {alphasCumprod} = noiseSchedule(config);
	if (config.rescaleBetasZeroSnr) alphasCumprod[alphasCumprod.length - 1] = 2 ** -24;
	return alphasCumprod.map(alphaBar => Math.sqrt(Math.fround(Math.fround(1 - alphaBar) / alphaBar)));
}

/** σ at (maybe fractional) timesteps, by linear interpolation. */
export function sigmasAt(timesteps: ArrayLike<number>, training: Float32Array): Float64Array {
	return Float64Array.from(timesteps, timestep => {
		const t = Math.min(Math.max(timestep, 0), training.length - 1);
		const below = Math.min(Math.floor(t), training.length - 2);
		return training[below] + (training[below + 1] - training[below]) * (t - below);
	});
}

/** `steps` noise levels from σ_max down to σ_min, evenly spaced in σ^(1/7). */
export function karrasSigmas(highest: number, lowest: number, steps: number): Float64Array {
	const from = highest ** (1 / 7);
	const to = lowest ** (1 / 7);
	return Float64Array.from({length: steps}, (_, i) => (from + (steps === 1 ? 0 : i / (steps - 1)) * (to - from)) ** 7);
}

/** The (fractional) timestep whose noise level is σ, by linear interpolation of ln σ. */
export function timestepOfSigma(sigma: number, training: Float32Array): number {
	const logSigma = Math.log(Math.max(sigma, 1e-10));
	let below = 0;
	while (below < training.length - 2 && Math.log(training[below + 1]) <= logSigma) below++;
	const low = Math.log(training[below]);
	const high = Math.log(training[below + 1]);
	return below + Math.min(1, Math.max(0, (logSigma - low) / (high - low)));
}
