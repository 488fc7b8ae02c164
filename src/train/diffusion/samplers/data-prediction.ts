import {levelOfSigma, predictedOriginal} from './prediction.ts';
import {type Sampler, type SamplerConfig, weightedSum} from './sampler.ts';
import {karrasSigmas, sigmasAt, timestepOfSigma, trainingSigmas} from './sigmas.ts';
import {timestepsOf} from './timesteps.ts';

/** Timesteps and noise levels of the multistep solvers that work on the predicted image (DPM-Solver++ and UniPC). */
export function dataPredictionWalk(config: SamplerConfig, steps: number): Pick<Sampler, 'timesteps' | 'initialNoiseScale' | 'scaleInput'> & {readonly sigmas: Float32Array} {
	const training = trainingSigmas(config);
	const spaced = timestepsOf(config, steps, {points: config.timestepSpacing === 'trailing' ? steps : steps + 1});
	const levels = config.useKarrasSigmas ? karrasSigmas(training[training.length - 1], training[0], steps) : sigmasAt(spaced, training);
	return {
		timesteps: config.useKarrasSigmas ? Float32Array.from(levels, sigma => Math.round(timestepOfSigma(sigma, training))) : spaced,
		sigmas: Float32Array.from([...levels, 0]),
		initialNoiseScale: 1,
		scaleInput: x => x,
	};
}

/** x₀ from the network's output at noise level σ. */
export const originalAtSigma = ({predictionType}: SamplerConfig, output: Float32Array, x: Float32Array, sigma: number): Float32Array =>
	predictedOriginal(predictionType, output, x, levelOfSigma(sigma));

/** λ = ln(α/σ) in variance-preserving terms; infinite at σ = 0. */
export const halfLogSnr = (sigma: number): number => -Math.log(sigma);

/** The exact solution for a constant x₀ between two noise levels, λ_to − λ_from = h: (s_to/s_from)·x − α_to·(e^(−h) − 1)·x₀. */
export function firstOrderStep(x: Float32Array, original: Float32Array, from: number, to: number): Float32Array {
	return weightedSum([levelOfSigma(to).noise / levelOfSigma(from).noise, x], [exponentialWeight(from, to), original]);
}

/** −α_to·(e^(−h) − 1), the weight of whatever x₀ is taken to be. At `to` = 0 it is 1. */
function exponentialWeight(from: number, to: number): number {
	return -levelOfSigma(to).signal * Math.expm1(halfLogSnr(from) - halfLogSnr(to));
}

/** Second order by the difference quotient of the last two x₀ (Lu et al. 2022, "DPM-Solver++", algorithm 2). `before`: the level before `from`. */
export function secondOrderStep(x: Float32Array, original: Float32Array, earlierOriginal: Float32Array, [before, from, to]: readonly [number, number, number]): Float32Array {
	const ratio = (halfLogSnr(from) - halfLogSnr(before)) / (halfLogSnr(to) - halfLogSnr(from));
	return firstOrderStep(x, weightedSum([1 + 1 / (2 * ratio), original], [-1 / (2 * ratio), earlierOriginal]), from, to);
}
