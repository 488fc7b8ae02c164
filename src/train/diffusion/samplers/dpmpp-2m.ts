import {dataPredictionWalk, firstOrderStep, originalAtSigma, secondOrderStep} from './data-prediction.ts';
import type {SamplerDefinition} from './sampler.ts';

/** Lu et al. 2022, "DPM-Solver++", the second-order multistep solver (midpoint). */
export const dpmpp2m: SamplerDefinition<'dpmpp_2m'> = {
	name: 'dpmpp_2m',
	label: 'DPM++ 2M',
	schedulerClass: 'DPMSolverMultistepScheduler',
	defaults: {timestepSpacing: 'linspace'},
	create(config, steps) {
		const walk = dataPredictionWalk(config, steps);
		const {sigmas} = walk;
		let earlier: Float32Array = new Float32Array();
		return {
			...walk,
			needsNoise: false,
			step(output, x, i) {
				const original = originalAtSigma(config, output, x, sigmas[i]);
				const next =
					i === 0 || i === steps - 1
						? firstOrderStep(x, original, sigmas[i], sigmas[i + 1])
						: secondOrderStep(x, original, earlier, [sigmas[i - 1], sigmas[i], sigmas[i + 1]]);
				earlier = original;
				return next;
			},
		};
	},
};
