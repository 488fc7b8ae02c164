import {dataPredictionWalk, firstOrderStep, halfLogSnr, originalAtSigma, secondOrderStep} from './data-prediction.ts';
import {type SamplerDefinition, weightedSum} from './sampler.ts';

/** What the corrector needs of the step before. */
interface LastStep {
	/** The latent it started from. */
	readonly x: Float32Array;
	readonly original: Float32Array;
	/** x₀ of the step before that. */
	readonly earlierOriginal: Float32Array;
	readonly order: 1 | 2;
}

/**
 * Zhao et al. 2023, "UniPC: a unified predictor-corrector framework", order 2, B₂(h) = e^h − 1, on predicted images. The predictor is
 * DPM-Solver++ 2M's step; once the network has spoken at the new level, the corrector makes the last step anew with that output.
 */
export const unipc: SamplerDefinition<'unipc'> = {
	name: 'unipc',
	label: 'UniPC',
	schedulerClass: 'UniPCMultistepScheduler',
	defaults: {timestepSpacing: 'linspace'},
	create(config, steps) {
		const walk = dataPredictionWalk(config, steps);
		const {sigmas} = walk;
		let last: LastStep | undefined;
		return {
			...walk,
			needsNoise: false,
			step(output, predicted, i) {
				const original = originalAtSigma(config, output, predicted, sigmas[i]);
				if (i === 0) last = undefined;
				const x = last ? corrected(last, original, sigmas, i) : predicted;
				const order = last && i < steps - 1 ? 2 : 1;
				const earlierOriginal = last?.original ?? original;
				last = {x, original, earlierOriginal, order};
				return order === 1
					? firstOrderStep(x, original, sigmas[i], sigmas[i + 1])
					: secondOrderStep(x, original, earlierOriginal, [sigmas[i - 1], sigmas[i], sigmas[i + 1]]);
			},
		};
	},
};

/**
 * The latent at level i from the one at level i−1 with x₀ of both levels (equation 9 of the paper):
 * m₀ + ρ_p·(m_p − m₀)/r + ρ_c·(m_new − m₀) stands where the predictor had its x₀. For order 1 ρ_c = ½; for order 2
 * ρ_p + ρ_c = b₁, r·ρ_p + ρ_c = b₂, where b₁, b₂ are the exact integrals of 1 and λ against e^λ in units of B.
 */
function corrected({x, original, earlierOriginal, order}: LastStep, newOriginal: Float32Array, sigmas: Float32Array, i: number): Float32Array {
	const [from, to] = [sigmas[i - 1], sigmas[i]];
	if (order === 1) return firstOrderStep(x, weightedSum([1 / 2, original], [1 / 2, newOriginal]), from, to);
	const step = halfLogSnr(to) - halfLogSnr(from);
	const r = (halfLogSnr(sigmas[i - 2]) - halfLogSnr(from)) / step;
	const b = Math.expm1(-step);
	const first = b / -step - 1;
	const b1 = first / b;
	const b2 = (2 * (first / -step - 1 / 2)) / b;
	const rhoEarlier = (b1 - b2) / (1 - r);
	const rhoNew = b1 - rhoEarlier;
	const combined = weightedSum([1 - rhoEarlier / r - rhoNew, original], [rhoEarlier / r, earlierOriginal], [rhoNew, newOriginal]);
	return firstOrderStep(x, combined, from, to);
}
