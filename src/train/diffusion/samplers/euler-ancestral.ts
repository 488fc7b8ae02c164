import {eulerStep, eulerWalk} from './euler.ts';
import {drawn, type SamplerDefinition, weightedSum} from './sampler.ts';

/** Euler with fresh noise: goes down to σ_down and adds noise of size σ_up, σ_down² + σ_up² = σ_next². */
export const eulerAncestral: SamplerDefinition<'euler_a'> = {
	name: 'euler_a',
	label: 'Euler ancestral',
	schedulerClass: 'EulerAncestralDiscreteScheduler',
	defaults: {timestepSpacing: 'linspace'},
	ignores: {useKarrasSigmas: false},
	create(config, steps) {
		const walk = eulerWalk(config, steps);
		return {
			...walk,
			needsNoise: true,
			step(output, x, i, noise) {
				const from = walk.sigmas[i];
				const to = walk.sigmas[i + 1];
				const up = Math.sqrt((to ** 2 * (from ** 2 - to ** 2)) / from ** 2);
				const down = Math.sqrt(to ** 2 - up ** 2);
				return weightedSum([1, eulerStep(config, output, x, from, down)], [up, drawn(noise)]);
			},
		};
	},
};
