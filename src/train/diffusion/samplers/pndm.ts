import {noiseSchedule} from '../noise-schedule.ts';
import {levelOfAlphaBar, predictedNoise} from './prediction.ts';
import {type SamplerDefinition, weightedSum} from './sampler.ts';
import {timestepsOf} from './timesteps.ts';

/** Adams-Bashforth weights by the number of earlier outputs, newest first (Liu et al. 2022, equation 12 and its lower orders). */
const multistepWeights = [[1], [3 / 2, -1 / 2], [23 / 12, -16 / 12, 5 / 12], [55 / 24, -59 / 24, 37 / 24, -9 / 24]];

/**
 * Liu et al. 2022, "Pseudo numerical methods for diffusion models on manifolds", the linear multistep form that Stable Diffusion
 * uses, without the Runge-Kutta start. Instead the first step is made twice: N steps are N + 1 calls.
 */
export const pndm: SamplerDefinition<'pndm'> = {
	name: 'pndm',
	label: 'PNDM',
	schedulerClass: 'PNDMScheduler',
	defaults: {timestepSpacing: 'leading', setAlphaToOne: false},
	ignores: {rescaleBetasZeroSnr: false},
	create(config, steps) {
		const spaced = timestepsOf(config, steps);
		const timesteps = steps > 1 ? Float32Array.from([...spaced.subarray(0, 2), ...spaced.subarray(1)]) : spaced;
		const {alphasCumprod} = noiseSchedule(config);
		const stride = Math.floor(config.numTrainTimesteps / steps);
		const alphaBarAt = (t: number) => (t >= 0 ? alphasCumprod[t] : config.setAlphaToOne ? 1 : alphasCumprod[0]);

		let history: Float32Array[] = [];
		let firstSample: Float32Array = new Float32Array();

		/** Equation 9, from timestep `from` to `to`. */
		const transfer = (output: Float32Array, x: Float32Array, from: number, to: number): Float32Array => {
			const a = alphaBarAt(from);
			const p = alphaBarAt(to);
			const noise = predictedNoise(config.predictionType, output, x, levelOfAlphaBar(a));
			return weightedSum([Math.sqrt(p / a), x], [-(p - a) / (a * Math.sqrt(1 - p) + Math.sqrt(a * (1 - a) * p)), noise]);
		};

		return {
			timesteps,
			initialNoiseScale: 1,
			needsNoise: false,
			scaleInput: x => x,
			step(output, x, i) {
				const t = timesteps[i];
				if (i === 0) {
					history = [];
					firstSample = x;
				}
				if (i === 1) return transfer(weightedSum([1 / 2, output], [1 / 2, history[0]]), firstSample, t + stride, t);
				history = [output, ...history.slice(0, 3)];
				const weights = multistepWeights[history.length - 1];
				return transfer(weightedSum(...history.map((earlier, k) => [weights[k], earlier] as const)), x, t, t - stride);
			},
		};
	},
};
