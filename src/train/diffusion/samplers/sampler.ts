import type {SchedulerConfig} from '../../weights/index.ts';

/**
 * One walk from noise to a latent. Latents are flat Float32Arrays of any shape; everything here is host arithmetic on them.
 * The caller runs the network:
 *
 *     let x = start.map(value => value * sampler.initialNoiseScale);
 *     for (let i = 0; i < sampler.timesteps.length; i++) {
 *         const output = network(sampler.scaleInput(x, i), sampler.timesteps[i]);
 *         x = sampler.step(output, x, i, sampler.needsNoise ? normals(x.length, key(i)) : undefined);
 *     }
 */
export interface Sampler {
	/** The timestep of every call of the network, falling; whole numbers for most samplers. */
	readonly timesteps: Float32Array;
	/** Noise levels σ = √((1−ᾱ)/ᾱ) of the samplers that think in them: one for each timestep and the final one. */
	readonly sigmas?: Float32Array;
	/** What N(0, 1) noise is multiplied by to be the first latent. */
	readonly initialNoiseScale: number;
	/** Whether `step` takes fresh N(0, 1) noise of the latent's shape. */
	readonly needsNoise: boolean;
	/** What the network sees of the latent x at call i. */
	scaleInput(x: Float32Array, i: number): Float32Array;
	/** The next latent, from the network's output for call i. Calls come in order 0, 1, 2 …; call 0 begins a new walk. */
	step(output: Float32Array, x: Float32Array, i: number, noise?: Float32Array): Float32Array;
}

/** A folder's scheduler config with every field filled in: what a sampler works with. */
export type SamplerConfig = {readonly [Field in keyof Omit<SchedulerConfig, 'className'>]-?: NonNullable<SchedulerConfig[Field]>};

export interface SamplerOptions {
	/** DDIM's η: 0 draws no noise, 1 draws as much as DDPM. */
	readonly eta?: number;
}

/** A sampler as it stands in the list. */
export interface SamplerDefinition<Name extends string = string> {
	/** Its name in configs. */
	readonly name: Name;
	/** Its name on the screen. */
	readonly label: string;
	/** The diffusers class that it follows. */
	readonly schedulerClass: string;
	/** What the class takes for a field that a saved config does not have. */
	readonly defaults: Pick<SamplerConfig, 'timestepSpacing'> & Partial<Pick<SamplerConfig, 'clipSample' | 'setAlphaToOne'>>;
	/** Fields that the class does not know, whatever the saved config says, with what it does instead. */
	readonly ignores?: Partial<SamplerConfig>;
	create(config: SamplerConfig, steps: number, options: SamplerOptions): Sampler;
}

/** Σ weight·latent, element by element. */
export function weightedSum(...terms: readonly (readonly [weight: number, latent: Float32Array])[]): Float32Array {
	const sum = new Float32Array(terms[0][1].length);
	for (let i = 0; i < sum.length; i++) {
		let value = 0;
		for (const [weight, latent] of terms) value += weight * latent[i];
		sum[i] = value;
	}
	return sum;
}

/** The noise a stochastic sampler was promised; a missing one is a defect of the caller. */
export function drawn(noise: Float32Array | undefined): Float32Array {
	if (!noise) throw new TypeError('this sampler needs noise for every step (needsNoise)');
	return noise;
}
