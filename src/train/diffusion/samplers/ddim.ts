import {noiseSchedule} from '../noise-schedule.ts';
import {clippedToOne, levelOfAlphaBar, predictedNoise, predictedOriginal} from './prediction.ts';
import {drawn, type SamplerDefinition, weightedSum} from './sampler.ts';
import {timestepsOf} from './timesteps.ts';

/** Song et al. 2020, "Denoising diffusion implicit models", equations 12 and 16. */
export const ddim: SamplerDefinition<'ddim'> = {
	name: 'ddim',
	label: 'DDIM',
	schedulerClass: 'DDIMScheduler',
	defaults: {timestepSpacing: 'leading', clipSample: true, setAlphaToOne: true},
	create(config, steps, {eta = 0}) {
		const timesteps = timestepsOf(config, steps);
		const {alphasCumprod} = noiseSchedule(config);
		const stride = Math.floor(config.numTrainTimesteps / steps);
		const finalAlphaBar = config.setAlphaToOne ? 1 : alphasCumprod[0];
		return {
			timesteps,
			initialNoiseScale: 1,
			needsNoise: eta > 0,
			scaleInput: x => x,
			step(output, x, i, noise) {
				const alphaBar = alphasCumprod[timesteps[i]];
				const previous = timesteps[i] - stride;
				const previousAlphaBar = previous >= 0 ? alphasCumprod[previous] : finalAlphaBar;
				const level = levelOfAlphaBar(alphaBar);
				const unclipped = predictedOriginal(config.predictionType, output, x, level);
				const original = config.clipSample ? clippedToOne(unclipped) : unclipped;
				const direction = predictedNoise(config.predictionType, output, x, level);
				const variance = eta ** 2 * ((1 - previousAlphaBar) / (1 - alphaBar)) * (1 - alphaBar / previousAlphaBar);
				// Rounding may take 1 − ᾱ − σ² a hair below its true 0.
				const next = weightedSum([Math.sqrt(previousAlphaBar), original], [Math.sqrt(Math.max(0, 1 - previousAlphaBar - variance)), direction]);
				return eta > 0 ? weightedSum([1, next], [Math.sqrt(variance), drawn(noise)]) : next;
			},
		};
	},
};
