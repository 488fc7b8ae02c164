import {type SamplerConfig, weightedSum} from './sampler.ts';

/** A noise level: x = signal·x₀ + noise·ε. For the samplers here signal² + noise² = 1. */
export interface Level {
	readonly signal: number;
	readonly noise: number;
}

export const levelOfAlphaBar = (alphaBar: number): Level => ({signal: Math.sqrt(alphaBar), noise: Math.sqrt(1 - alphaBar)});

export function levelOfSigma(sigma: number): Level {
	const signal = 1 / Math.sqrt(sigma ** 2 + 1);
	return {signal, noise: sigma * signal};
}

/** x₀ that the network's output means for the latent x at this level: (x − s·ε)/α, or α·x − s·v. */
export function predictedOriginal(type: SamplerConfig['predictionType'], output: Float32Array, x: Float32Array, {signal, noise}: Level): Float32Array {
	return type === 'epsilon' ? weightedSum([1 / signal, x], [-noise / signal, output]) : weightedSum([signal, x], [-noise, output]);
}

/** ε that the network's output means: itself, or α·v + s·x. */
export function predictedNoise(type: SamplerConfig['predictionType'], output: Float32Array, x: Float32Array, {signal, noise}: Level): Float32Array {
	return type === 'epsilon' ? output : weightedSum([signal, output], [noise, x]);
}

/** For models of pixels; latents go beyond −1 … 1. */
export const clippedToOne = (x: Float32Array): Float32Array => x.map(value => Math.min(1, Math.max(-1, value)));
