import type {TrainingConfig} from '../presets/index.ts';
import type {Row, TrainingImage} from './batches.ts';
import {loadImage} from './data/index.ts';
import type {StableDiffusion} from './stable-diffusion.ts';

/** Images encoded in one call: as many as keep a call short. */
const PIXELS_AT_ONCE = 8 * 128 * 128;

/**
 * The moments of the training images' latents. Cached are means and log-variances rather than one latent, so that each step
 * still draws its own; both orientations where images are mirrored. A random crop is another image each time and is not cached.
 */
export class Latents {
	readonly #cache = new Map<string, Float32Array>();
	readonly #cached: boolean;
	readonly #size: number;

	constructor(private readonly model: StableDiffusion, private readonly config: Pick<TrainingConfig, 'resolution' | 'crop' | 'horizontalFlip' | 'cacheLatents' | 'seed'>) {
		this.#cached = config.cacheLatents !== 'off' && config.crop === 'center';
		this.#size = this.side ** 2 * 2 * model.folder.vaeConfig.latentChannels;
	}

	/** Side of a latent. */
	get side(): number {
		return this.config.resolution / this.model.autoencoderFactor;
	}

	/** Encodes all images; without a cache there is nothing to do. */
	async prepare(images: readonly TrainingImage[], progress: (done: number, total: number) => Promise<void>): Promise<void> {
		if (!this.#cached) return;
		const wanted = images.flatMap(({file}) => (this.config.horizontalFlip ? [{file, flipped: false}, {file, flipped: true}] : [{file, flipped: false}]));
		const count = Math.max(1, Math.min(wanted.length, Math.floor(PIXELS_AT_ONCE / this.config.resolution ** 2)));
		for (let begin = 0; begin < wanted.length; begin += count) {
			const part = wanted.slice(begin, begin + count);
			const pictures = await Promise.all(part.map(({file, flipped}) => loadImage(file, {...this.#fit(flipped), crop: 'center'})));
			const moments = this.#encode(pictures, count);
			part.forEach(({file, flipped}, i) => this.#cache.set(key(file, flipped), moments[i]));
			await progress(begin + part.length, wanted.length);
		}
	}

	/** The moments of a micro-batch, [rows, side, side, 2·channels]. */
	async of(rows: readonly Row[]): Promise<Float32Array> {
		const moments = this.#cached ? rows.map(({image, flipped}) => this.#cache.get(key(image.file, flipped)) as Float32Array) : await this.#fresh(rows);
		const batch = new Float32Array(rows.length * this.#size);
		moments.forEach((values, i) => batch.set(values, i * this.#size));
		return batch;
	}

	async #fresh(rows: readonly Row[]): Promise<Float32Array[]> {
		const {crop, seed} = this.config;
		const pictures = await Promise.all(rows.map(({image, flipped, draw}) => loadImage(image.file, crop === 'random' ? {...this.#fit(flipped), crop, key: {seed, stream: 'crop', ...draw}} : {...this.#fit(flipped), crop})));
		return this.#encode(pictures, pictures.length);
	}

	/** `count` is the batch that the function is compiled for; a shorter one is filled up. */
	#encode(pictures: readonly Float32Array[], count: number): Float32Array[] {
		const {resolution} = this.config;
		const pixels = resolution ** 2 * 3;
		const batch = new Float32Array(count * pixels);
		pictures.forEach((picture, i) => batch.set(picture, i * pixels));
		const moments = this.model.encodeImages(batch, {count, height: resolution, width: resolution});
		return pictures.map((_, i) => moments.slice(i * this.#size, (i + 1) * this.#size));
	}

	#fit(flipped: boolean) {
		return {width: this.config.resolution, height: this.config.resolution, flip: flipped};
	}
}

const key = (file: string, flipped: boolean) => `${flipped ? 'mirrored ' : ''}${file}`;
