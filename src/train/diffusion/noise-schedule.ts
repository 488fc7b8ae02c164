import type {SchedulerConfig} from '../weights/index.ts';
import {DiffusionError} from './diffusion-error.ts';

/** The part of a scheduler config that says how much noise a timestep carries. */
export type NoiseScheduleConfig = Pick<SchedulerConfig, 'numTrainTimesteps' | 'betaStart' | 'betaEnd' | 'betaSchedule' | 'rescaleBetasZeroSnr'>;

/** One entry per training timestep in every table. */
export interface NoiseSchedule {
	readonly betas: Float32Array;
	/** ᾱ_t = Π (1 − β). */
	readonly alphasCumprod: Float32Array;
	/** √ᾱ_t, the share of the image in a noisy latent. */
	readonly signalRates: Float32Array;
	/** √(1 − ᾱ_t), the share of the noise. */
	readonly noiseRates: Float32Array;
}

/**
 * The tables in the precision of the reference implementations: betas in 32-bit floats, the running product kept in 64 bits
 * and rounded entry by entry. This reproduces their numbers to the bit. Throws DiffusionError for betas that are no probabilities.
 */
export function noiseSchedule(config: NoiseScheduleConfig): NoiseSchedule {
	const plainBetas = betasByName(config);
	if (plainBetas.length < 2 || plainBetas.some(beta => !(beta >= 0 && beta <= 1))) {
		throw new DiffusionError(`The scheduler config has no noise schedule: ${plainBetas.length} betas from ${config.betaStart} to ${config.betaEnd} (at least 2 are needed, between 0 and 1).`, {
			action: 'Correct num_train_timesteps, beta_start and beta_end in scheduler/scheduler_config.json of the base model.',
		});
	}
	const betas = config.rescaleBetasZeroSnr ? withZeroTerminalSnr(plainBetas) : plainBetas;
	const alphasCumprod = cumulativeProduct(betas);
	return {
		betas,
		alphasCumprod,
		signalRates: alphasCumprod.map(alphaBar => Math.sqrt(alphaBar)),
		noiseRates: alphasCumprod.map(alphaBar => Math.sqrt(Math.fround(1 - alphaBar))),
	};
}

/** ᾱ / (1 − ᾱ) for every timestep. */
export function signalToNoise({signalRates, noiseRates}: NoiseSchedule): Float32Array {
	return signalRates.map((signal, t) => (signal / noiseRates[t]) ** 2);
}

/**
 * x_t = √ᾱ_t·x₀ + √(1−ᾱ_t)·ε.
 * latents, noise: [batch, …] flat; timesteps: one whole number for each of the batch. Returns the shape of latents.
 */
export function addNoise(schedule: NoiseSchedule, latents: Float32Array, noise: Float32Array, timesteps: ArrayLike<number>): Float32Array {
	return mix(latents, noise, timesteps, schedule.signalRates, schedule.noiseRates);
}

/** v = √ᾱ_t·ε − √(1−ᾱ_t)·x₀ (Salimans & Ho 2022). Shapes as in addNoise. */
export function velocity(schedule: NoiseSchedule, latents: Float32Array, noise: Float32Array, timesteps: ArrayLike<number>): Float32Array {
	return mix(latents, noise, timesteps, schedule.noiseRates.map(rate => -rate), schedule.signalRates);
}

/** Sample by sample latents·a[t] + noise·b[t]. */
function mix(latents: Float32Array, noise: Float32Array, timesteps: ArrayLike<number>, a: Float32Array, b: Float32Array): Float32Array {
	const size = latents.length / timesteps.length;
	return latents.map((value, i) => {
		const t = timesteps[Math.floor(i / size)];
		return value * a[t] + noise[i] * b[t];
	});
}

function betasByName({numTrainTimesteps, betaStart, betaEnd, betaSchedule}: NoiseScheduleConfig): Float32Array {
	switch (betaSchedule) {
		case 'linear': {
			return linspace(betaStart, betaEnd, numTrainTimesteps);
		}
		case 'scaled_linear': {
			return linspace(Math.sqrt(betaStart), Math.sqrt(betaEnd), numTrainTimesteps).map(root => root * root);
		}
	}
}

/** As torch does it: from both ends towards the middle, a fused multiply-add in 32-bit floats. */
function linspace(start: number, end: number, count: number): Float32Array {
	const first = Math.fround(start);
	const last = Math.fround(end);
	const step = Math.fround((last - first) / (count - 1));
	return Float32Array.from({length: count}, (_, i) => (i < count / 2 ? first + step * i : last - step * (count - 1 - i)));
}

function cumulativeProduct(betas: Float32Array): Float32Array {
	let product = 1;
	return betas.map(beta => {
		product *= Math.fround(1 - beta);
		return product;
	});
}

/**
 * Lin et al. 2023, "Common diffusion noise schedules and sample steps are flawed", algorithm 1: √ᾱ shifted to 0 at the last timestep and scaled back to its first value; betas from the ratios.
 */
function withZeroTerminalSnr(betas: Float32Array): Float32Array {
	const roots = cumulativeProduct(betas).map(alphaBar => Math.sqrt(alphaBar));
	const last = roots.at(-1) ?? 0;
	const scale = Math.fround(roots[0] / Math.fround(roots[0] - last));
	const alphasCumprod = roots.map(root => Math.fround(root - last) * scale).map(root => root * root);
	return alphasCumprod.map((alphaBar, t) => 1 - (t === 0 ? alphaBar : Math.fround(alphaBar / alphasCumprod[t - 1])));
}
