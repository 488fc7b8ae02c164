import {levelOfSigma, predictedOriginal} from './prediction.ts';
import {type Sampler, type SamplerConfig, type SamplerDefinition, weightedSum} from './sampler.ts';
import {karrasSigmas, sigmasAt, timestepOfSigma, trainingSigmas} from './sigmas.ts';
import {timestepsOf} from './timesteps.ts';

/** Karras et al. 2022, algorithm 2 without churn: x moves along d = (x − x₀)/σ. */
export const euler: SamplerDefinition<'euler'> = {
	name: 'euler',
	label: 'Euler',
	schedulerClass: 'EulerDiscreteScheduler',
	defaults: {timestepSpacing: 'linspace'},
	create(config, steps) {
		const walk = eulerWalk(config, steps);
		return {
			...walk,
			needsNoise: false,
			step: (output, x, i) => eulerStep(config, output, x, walk.sigmas[i], walk.sigmas[i + 1]),
		};
	},
};

/** Timesteps, noise levels and scales of both Euler samplers: the latent is x₀ + σ·ε, the network sees it divided by √(σ² + 1). */
export function eulerWalk(config: SamplerConfig, steps: number): Pick<Sampler, 'timesteps' | 'initialNoiseScale' | 'scaleInput'> & {readonly sigmas: Float32Array} {
	const training = trainingSigmas(config);
	const spaced = timestepsOf(config, steps, {rounded: false});
	const plain = sigmasAt(spaced, training);
	const levels = config.useKarrasSigmas ? karrasSigmas(plain[0], plain[steps - 1], steps) : plain;
	const sigmas = Float32Array.from([...levels, 0]);
	return {
		timesteps: config.useKarrasSigmas ? Float32Array.from(levels, sigma => timestepOfSigma(sigma, training)) : spaced,
		sigmas,
		initialNoiseScale: config.timestepSpacing === 'leading' ? Math.sqrt(sigmas[0] ** 2 + 1) : sigmas[0],
		scaleInput: (x, i) => weightedSum([levelOfSigma(sigmas[i]).signal, x]),
	};
}

/** One step along the derivative from noise level `from` to `to`. */
export function eulerStep({predictionType}: SamplerConfig, output: Float32Array, x: Float32Array, from: number, to: number): Float32Array {
	const level = levelOfSigma(from);
	const original = predictionType === 'epsilon' ? weightedSum([1, x], [-from, output]) : predictedOriginal(predictionType, output, weightedSum([level.signal, x]), level);
	return weightedSum([to / from, x], [1 - to / from, original]);
}
