import {networkScope} from './adapters.ts';
import type {TrainingImage} from './batches.ts';
import {compile, ops, type Compiled, type CompileOptions, type Signature} from './graph/index.ts';
import type {Latents} from './latents/index.ts';
import {gatherRows} from './nn/index.ts';
import {unet} from './models/index.ts';
import {normals} from './random.ts';
import type {StableDiffusion} from './stable-diffusion.ts';
import {noisyLatents, rowErrors} from './step.ts';

/** Shares of the noise schedule at which every held-out image is judged: the loss depends on the timestep more than on anything else. */
const LEVELS = [0.1, 0.3, 0.5, 0.7, 0.9];

interface Row {
	readonly image: TrainingImage;
	/** Among the held-out images. */
	readonly place: number;
	readonly level: number;
}

/**
 * The loss on images that are not trained on, with the same noise and the same timesteps each time, so that one value can be
 * compared with the next. It falls while the model learns the subject and rises when it learns the photos by heart.
 */
export class Validation {
	readonly #rows: readonly Row[];
	/** By the image's size and the number of text states, which depends on the length of the prompt. */
	readonly #compiled = new Map<string, Compiled<Signature>>();

	constructor(
		private readonly model: StableDiffusion,
		images: readonly TrainingImage[],
		private readonly latents: Pick<Latents, 'of'>,
		private readonly seed: number,
		private readonly compileOptions: CompileOptions,
	) {
		this.#rows = images.flatMap((image, place) => LEVELS.map(level => ({image, place, level})));
	}

	/** The mean squared error over all images and levels. */
	async loss(): Promise<number> {
		const errors: number[] = [];
		for (let begin = 0; begin < this.#rows.length; begin += LEVELS.length) errors.push(...(await this.#errorsOf(this.#rows.slice(begin, begin + LEVELS.length))));
		return errors.reduce((sum, error) => sum + error, 0) / errors.length;
	}

	async #errorsOf(rows: readonly Row[]): Promise<Float32Array> {
		const {schedule} = this.model;
		const [{image}] = rows;
		const latent = this.#latentOf(rows);
		const size = latent.slice(1).reduce((product, n) => product * n);
		const drawn = (stream: string) => Float32Array.from(rows.flatMap(({place, level}) => [...normals(size, {seed: this.seed, stream, step: place, index: Math.round(level * 100)})]));
		const chunks = this.model.chunks(image.prompt);
		const moments = await this.latents.of(rows.map(({image, place}) => ({image, draw: {step: place, index: 0}, flipped: false})));
		const {errors} = this.#function(latent, this.model.stateCount(image.prompt, chunks)).call({
			moments,
			epsilon: drawn('validation epsilon'),
			noise: drawn('validation noise'),
			timesteps: Int32Array.from(rows, ({level}) => Math.round(level * (schedule.betas.length - 1))),
			states: this.model.encodePrompts([image.prompt], chunks),
		});
		if ('id' in moments) moments.dispose();
		return errors;
	}

	/** [rows, height, width, channels] */
	#latentOf(rows: readonly Row[]): readonly number[] {
		const {autoencoderFactor, folder: {unetConfig}} = this.model;
		const [{image: {width, height}}] = rows;
		return [rows.length, height / autoencoderFactor, width / autoencoderFactor, unetConfig.inChannels];
	}

	#function(latent: readonly number[], tokens: number): Compiled<Signature> {
		const {folder, schedule} = this.model;
		const [rows] = latent;
		const model = {schedule, predictionType: folder.schedulerConfig.predictionType, scalingFactor: folder.vaeConfig.scalingFactor};
		const key = `${latent.join('x')} ${tokens}`;
		const found = this.#compiled.get(key);
		if (found) return found;
		const compiled = compile<Signature>('validation_errors', (inputs, state) => {
			const {noisy, target} = noisyLatents(model, inputs as Parameters<typeof noisyLatents>[1]);
			const context = gatherRows(inputs.states, ops.integers(Array<number>(rows).fill(0)));
			const sample = unet(folder.unetConfig)(networkScope(this.model.network('unet'), state).scope, {sample: noisy, timesteps: ops.toFloat(inputs.timesteps), context});
			return {errors: rowErrors(sample, target, {kind: 'squared'})};
		}, {
			moments: {shape: [...latent.slice(0, 3), 2 * latent[3]], dtype: 'float32'},
			epsilon: {shape: latent, dtype: 'float32'},
			noise: {shape: latent, dtype: 'float32'},
			timesteps: {shape: [rows], dtype: 'int32'},
			states: {shape: [1, tokens, this.model.contextWidth], dtype: 'float32'},
		}, this.compileOptions);
		this.#compiled.set(key, compiled);
		return compiled;
	}
}
