import {createHash} from 'node:crypto';
import path from 'node:path';
import {keepsLatents, type TrainingConfig} from '../../presets/index.ts';
import type {Row, TrainingImage} from '../batches.ts';
import {imageHash, ImageReader, sizeName, type ImageToLoad} from '../data/index.ts';
import {requireRoom} from '../disk-room.ts';
import type {DeviceTensor} from '../graph/index.ts';
import {groupBy} from '../group-by.ts';
import {cacheFolder} from '../runtime/index.ts';
import type {StableDiffusion} from '../stable-diffusion.ts';
import {autoencoderHash} from './autoencoder-hash.ts';
import {deviceStore} from './device-store.ts';
import {diskStore} from './disk-store.ts';
import {memoryStore} from './memory-store.ts';
import {inOneArray, type MomentsStore} from './store.ts';

/** Images encoded in one call: as many as keep a call short. */
const PIXELS_AT_ONCE = 16 * 128 * 128;
/** Calls whose images are read while the device works on one. */
const CALLS_AHEAD = 3;

export type LatentConfig = Pick<TrainingConfig, 'crop' | 'horizontalFlip' | 'cacheLatents' | 'precision' | 'seed'>;

/** An image in one of its orientations; `draw` decides about a random crop. */
interface Picture extends Pick<Row, 'flipped'> {
	readonly image: Pick<TrainingImage, 'file' | 'width' | 'height'>;
	readonly draw?: Row['draw'];
}

/**
 * The moments of the training images' latents. Cached are means and log-variances rather than one latent, so that each step
 * still draws its own; both orientations where images are mirrored. A random crop is another image each time and is not cached.
 */
export class Latents {
	/** Of what is not kept: no more than a step's images. */
	readonly #reader = new ImageReader(0);

	private constructor(private readonly model: StableDiffusion, private readonly config: LatentConfig, private readonly store: MomentsStore | undefined) {}

	/** `folder`: of a cache on the disk. */
	static async open(model: StableDiffusion, config: LatentConfig, folder = path.join(cacheFolder(), 'latents')): Promise<Latents> {
		return new Latents(model, config, keepsLatents(config) ? await storeOf(model, config, folder) : undefined);
	}

	/** Encodes the images that are not kept yet; without a cache there is nothing to do. */
	async prepare(images: readonly TrainingImage[], progress: (done: number, total: number) => Promise<void>): Promise<void> {
		const {store} = this;
		if (!store) return;
		const all = images.flatMap(image => (this.config.horizontalFlip ? [false, true] : [false]).map(flipped => ({image, flipped})));
		const missing: Picture[] = [];
		for (const picture of all) if (!(await store.has(keyOf(picture)))) missing.push(picture);
		let done = all.length - missing.length;
		await progress(done, all.length);
		if (this.config.cacheLatents === 'disk') requireRoom(cacheFolder(), missing.reduce((bytes, {image}) => bytes + this.#bytesOf(image), 0), 'The latent cache');
		const reader = new ImageReader(missing.length);
		try {
			for (const ofSize of groupBy(missing, ({image}) => sizeName(image)).values()) {
				const [{image: {width, height}}] = ofSize;
				const count = Math.max(1, Math.min(ofSize.length, Math.floor(PIXELS_AT_ONCE / (width * height))));
				const parts = Array.from({length: Math.ceil(ofSize.length / count)}, (_, i) => ofSize.slice(i * count, (i + 1) * count));
				const loading: Promise<Float32Array[]>[] = [];
				for (const [i, part] of parts.entries()) {
					for (const ahead of parts.slice(i + loading.length, i + 1 + CALLS_AHEAD)) {
						const loaded = reader.load(ahead.map(picture => this.#toLoad(picture)));
						// Told where it is awaited.
						loaded.catch(() => undefined);
						loading.push(loaded);
					}
					await this.#encode(part, (await loading.shift())!, count);
					await progress((done += part.length), all.length);
				}
			}
		} finally {
			reader.close();
		}
	}

	/** The moments of rows of one size, [rows, height, width, 2·channels]. What lies on the device is the caller's to dispose of. */
	async of(rows: readonly Picture[]): Promise<Float32Array | DeviceTensor> {
		return (await this.store?.of(rows.map(keyOf))) ?? inOneArray(await this.#encode(rows, await this.#reader.load(rows.map(row => this.#toLoad(row))), rows.length));
	}

	/** Encodes and keeps. `count` is the batch that the function is compiled for; a shorter one is filled up. */
	async #encode(pictures: readonly Picture[], loaded: readonly Float32Array[], count: number): Promise<Float32Array[]> {
		const [{image}] = pictures;
		const pixels = image.width * image.height * 3;
		const batch = new Float32Array(count * pixels);
		loaded.forEach((picture, i) => batch.set(picture, i * pixels));
		const moments = this.model.encodeImages(batch, {count, height: image.height, width: image.width});
		const size = moments.length / count;
		const each = pictures.map((_, i) => moments.slice(i * size, (i + 1) * size));
		for (const [i, picture] of pictures.entries()) await this.store?.keep(keyOf(picture), each[i], this.#shapeOf(image));
		return each;
	}

	#toLoad({image: {file, width, height}, flipped, draw}: Picture): ImageToLoad {
		const size = {width, height, flip: flipped};
		const {crop, seed} = this.config;
		return {file, fit: crop === 'random' ? {...size, crop, key: {seed, stream: 'crop', ...draw}} : {...size, crop: 'center'}};
	}

	/** [height, width, 2·channels] of the latent. */
	#shapeOf({width, height}: Picture['image']): readonly number[] {
		const {autoencoderFactor, folder: {vaeConfig}} = this.model;
		return [height / autoencoderFactor, width / autoencoderFactor, 2 * vaeConfig.latentChannels];
	}

	#bytesOf(image: Picture['image']): number {
		return 4 * this.#shapeOf(image).reduce((product, n) => product * n);
	}
}

async function storeOf(model: StableDiffusion, {cacheLatents, crop, precision}: LatentConfig, folder: string): Promise<MomentsStore | undefined> {
	switch (cacheLatents) {
		case 'off':
			return undefined;
		case 'ram':
			return memoryStore();
		case 'vram':
			return deviceStore(model.options.mode);
		case 'disk': {
			const autoencoder = await autoencoderHash(model.folder, folder);
			const contents = new Map<string, Promise<string>>();
			const contentOf = (file: string) => {
				let content = contents.get(file);
				if (!content) contents.set(file, (content = imageHash(file)));
				return content;
			};
			return diskStore(folder, async key => {
				const [file, ...rest] = JSON.parse(key) as [file: string, ...rest: unknown[]];
				return createHash('sha256').update(JSON.stringify([await contentOf(file), ...rest, crop, autoencoder, precision])).digest('hex');
			});
		}
	}
}

const keyOf = ({image, flipped}: Picture): string => JSON.stringify([image.file, sizeName(image), flipped ? 'mirrored' : 'upright']);
