import type {TrainingConfig} from '../presets/index.ts';
import type {Row, TrainingImage} from './batches.ts';
import {loadImage, sizeName, type Size} from './data/index.ts';
import {groupBy} from './group-by.ts';
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

	constructor(private readonly model: StableDiffusion, private readonly config: Pick<TrainingConfig, 'crop' | 'horizontalFlip' | 'cacheLatents' | 'seed'>) {
		this.#cached = config.cacheLatents !== 'off' && config.crop !== 'random';
	}

	/** Encodes all images; without a cache there is nothing to do. */
	async prepare(images: readonly TrainingImage[], progress: (done: number, total: number) => Promise<void>): Promise<void> {
		if (!this.#cached) return;
		const wanted = images.flatMap(image => (this.config.horizontalFlip ? [false, true] : [false]).map(flipped => ({image, flipped})));
		let done = 0;
		for (const ofSize of groupBy(wanted, ({image}) => sizeName(image)).values()) {
			const [{image: {width, height}}] = ofSize;
			const count = Math.max(1, Math.min(ofSize.length, Math.floor(PIXELS_AT_ONCE / (width * height))));
			for (let begin = 0; begin < ofSize.length; begin += count) {
				const part = ofSize.slice(begin, begin + count);
				const moments = await this.#encode(part, count);
				part.forEach((picture, i) => this.#cache.set(keyOf(picture), moments[i]));
				await progress((done += part.length), wanted.length);
			}
		}
	}

	/** The moments of rows of one size, [rows, height, width, 2·channels]. */
	async of(rows: readonly Pick<Row, 'image' | 'draw' | 'flipped'>[]): Promise<Float32Array> {
		return inOneArray(this.#cached ? rows.map(row => this.#cache.get(keyOf(row)) as Float32Array) : await this.#encode(rows, rows.length));
	}

	/** `count` is the batch that the function is compiled for; a shorter one is filled up. */
	async #encode(pictures: readonly Picture[], count: number): Promise<Float32Array[]> {
		const [{image: {width, height}}] = pictures;
		const pixels = width * height * 3;
		const batch = new Float32Array(count * pixels);
		(await Promise.all(pictures.map(picture => this.#load(picture)))).forEach((picture, i) => batch.set(picture, i * pixels));
		const moments = this.model.encodeImages(batch, {count, height, width});
		const size = moments.length / count;
		return pictures.map((_, i) => moments.slice(i * size, (i + 1) * size));
	}

	#load({image: {file, width, height}, flipped, draw}: Picture): Promise<Float32Array> {
		const fit = {width, height, flip: flipped};
		const {crop, seed} = this.config;
		return loadImage(file, crop === 'random' ? {...fit, crop, key: {seed, stream: 'crop', ...draw}} : {...fit, crop: 'center'});
	}
}

/** An image in one of its orientations; `draw` decides about a random crop. */
interface Picture {
	readonly image: Pick<TrainingImage, 'file'> & Size;
	readonly flipped: boolean;
	readonly draw?: Row['draw'];
}

const keyOf = ({image, flipped}: Picture) => `${flipped ? 'mirrored ' : ''}${sizeName(image)} ${image.file}`;

/** Arrays of one length, one after another. */
export function inOneArray(parts: readonly Float32Array[]): Float32Array {
	const [{length}] = parts;
	const joined = new Float32Array(parts.length * length);
	parts.forEach((part, i) => joined.set(part, i * length));
	return joined;
}
