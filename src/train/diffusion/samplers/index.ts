import type {SchedulerConfig} from '../../weights/index.ts';
import {DiffusionError} from '../diffusion-error.ts';
import {ddim} from './ddim.ts';
import {ddpm} from './ddpm.ts';
import {dpmpp2m} from './dpmpp-2m.ts';
import {euler} from './euler.ts';
import {eulerAncestral} from './euler-ancestral.ts';
import {pndm} from './pndm.ts';
import type {Sampler, SamplerConfig, SamplerOptions} from './sampler.ts';
import {unipc} from './unipc.ts';

export type {Sampler, SamplerConfig, SamplerDefinition, SamplerOptions} from './sampler.ts';

/** Every sampler, in the order in which a person is offered them. A new one is a file and a line here. */
export const samplers = [dpmpp2m, ddim, euler, eulerAncestral, unipc, pndm, ddpm] as const;

export type SamplerName = (typeof samplers)[number]['name'];

const samplerByName = (name: SamplerName) => {
	const definition = samplers.find(sampler => sampler.name === name);
	if (!definition) throw new DiffusionError(`There is no sampler "${name}".`, {action: `Choose one of ${samplers.map(sampler => sampler.name).join(', ')}.`});
	return definition;
};

/**
 * The config that a sampler uses with a model folder, by diffusers' rule for changing the scheduler of a pipeline: a field that the
 * saved config has is kept if the new class knows it; one that it does not have takes the new class's default (so a folder
 * without `timestep_spacing` gives DPM++ and Euler 'linspace').
 */
export function effectiveSchedulerConfig(name: SamplerName, saved: SchedulerConfig): SamplerConfig {
	const {defaults, ignores} = samplerByName(name);
	const {className: _, ...fields} = saved;
	return {
		...fields,
		timestepSpacing: saved.timestepSpacing ?? defaults.timestepSpacing,
		clipSample: saved.clipSample ?? defaults.clipSample ?? false,
		setAlphaToOne: saved.setAlphaToOne ?? defaults.setAlphaToOne ?? false,
		useKarrasSigmas: saved.useKarrasSigmas ?? false,
		...ignores,
	};
}

/**
 * A sampler for one walk of `steps` steps with a model whose folder has this scheduler config.
 * Throws DiffusionError for an unknown name, an impossible number of steps, and for noise prediction with zero terminal SNR.
 */
export function createSampler(name: SamplerName, saved: SchedulerConfig, steps: number, options: SamplerOptions = {}): Sampler {
	const config = effectiveSchedulerConfig(name, saved);
	if (config.rescaleBetasZeroSnr && config.predictionType === 'epsilon') {
		throw new DiffusionError('The scheduler config asks for zero terminal SNR with a model that predicts noise: pure noise tells such a model nothing about the image.', {
			action: 'In scheduler/scheduler_config.json set rescale_betas_zero_snr to false, or prediction_type to v_prediction if the model was trained for it.',
		});
	}
	return samplerByName(name).create(config, steps, options);
}
