import {DiffusionError} from '../diffusion-error.ts';
import type {SamplerConfig} from './sampler.ts';

/**
 * Which training timesteps a walk of `steps` visits, falling (Lin et al. 2023, table 2).
 * `points`: the multistep solvers lay `steps + 1` points for 'leading' and 'linspace' and leave out the lowest.
 * `rounded`: Euler keeps the fractions of 'linspace'.
 */
export function timestepsOf(
	{numTrainTimesteps, timestepSpacing, stepsOffset}: SamplerConfig,
	steps: number,
	{points = steps, rounded = true}: {points?: number; rounded?: boolean} = {},
): Float32Array {
	if (!Number.isInteger(steps) || steps < 1 || points > numTrainTimesteps) {
		throw new DiffusionError(`A sampler cannot make ${steps} steps of a model that was trained with ${numTrainTimesteps} timesteps.`, {
			action: `Choose 1 to ${numTrainTimesteps - (points - steps)} sampling steps.`,
		});
	}
	const toWhole = rounded ? roundHalfEven : (value: number) => value;
	switch (timestepSpacing) {
		case 'linspace': {
			return falling(steps, i => toWhole(points === 1 ? 0 : ((numTrainTimesteps - 1) * (points - 1 - i)) / (points - 1)));
		}
		case 'leading': {
			return falling(steps, i => (points - 1 - i) * Math.floor(numTrainTimesteps / points) + stepsOffset);
		}
		case 'trailing': {
			return falling(steps, i => roundHalfEven(numTrainTimesteps - (i * numTrainTimesteps) / steps) - 1);
		}
	}
}

const falling = (count: number, timestep: (i: number) => number) => Float32Array.from({length: count}, (_, i) => timestep(i));

/** As numpy rounds; Math.round takes .5 upwards. */
function roundHalfEven(value: number): number {
	const below = Math.floor(value);
	const rest = value - below;
	if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
	return below % 2 === 0 ? below : below + 1;
}
