import {noiseSchedule} from '../noise-schedule.ts';
import {clippedToOne, levelOfAlphaBar, predictedOriginal} from './prediction.ts';
import {drawn, type SamplerDefinition, weightedSum} from './sampler.ts';
import {timestepsOf} from './timesteps.ts';

/** Ho et al. 2020, "Denoising diffusion probabilistic models", equations 6 and 7, with the smaller of the two variances. */
export const ddpm: SamplerDefinition<'ddpm'> = {
	name: 'ddpm',
	label: 'DDPM',
	schedulerClass: 'DDPMScheduler',
	defaults: {timestepSpacing: 'leading', clipSample: true},
	create(config, steps) {
		const timesteps = timestepsOf(config, steps);
		const {alphasCumprod} = noiseSchedule(config);
		return {
			timesteps,
			initialNoiseScale: 1,
			needsNoise: true,
			scaleInput: x => x,
			step(output, x, i, noise) {
				const alphaBar = alphasCumprod[timesteps[i]];
				// Below timestep 0 there is no noise left (DDIM asks the config; DDPM does not).
				const previousAlphaBar = i + 1 < steps ? alphasCumprod[timesteps[i + 1]] : 1;
				const alpha = alphaBar / previousAlphaBar;
				const unclipped = predictedOriginal(config.predictionType, output, x, levelOfAlphaBar(alphaBar));
				const original = config.clipSample ? clippedToOne(unclipped) : unclipped;
				const mean = weightedSum(
					[(Math.sqrt(previousAlphaBar) * (1 - alpha)) / (1 - alphaBar), original],
					[(Math.sqrt(alpha) * (1 - previousAlphaBar)) / (1 - alphaBar), x],
				);
				if (timesteps[i] === 0) return mean;
				const variance = Math.max(1e-20, ((1 - previousAlphaBar) / (1 - alphaBar)) * (1 - alpha));
				return weightedSum([1, mean], [Math.sqrt(variance), drawn(noise)]);
			},
		};
	},
};
