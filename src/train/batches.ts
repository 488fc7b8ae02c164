import type {TrainingConfig} from '../presets/index.ts';
import {DataError, sizeName, varyPrompt, type PromptVariation, type Size} from './data/index.ts';
import {groupBy} from './group-by.ts';
import {permutation, uniformInt} from './random.ts';

/** One image of the training set, and the size in pixels that it is brought to. */
export interface TrainingImage extends Size {
	readonly file: string;
	readonly prompt: string;
	/** Index of the concept it belongs to. */
	readonly concept: number;
}

export interface TrainingSet {
	readonly instance: readonly TrainingImage[];
	/** Empty without prior preservation. */
	readonly classImages: readonly TrainingImage[];
}

/** A row of a micro-batch. */
export interface Row {
	readonly image: TrainingImage;
	readonly kind: 'instance' | 'class';
	/**
	 * The key of everything random about this row, together with the run's seed: the number of the instance image in the run
	 * (from 0), and 0 for itself or 1 for its class image. However the images are cut into micro-batches, they draw the same.
	 */
	readonly draw: {readonly step: number; readonly index: number};
	/** Seen mirrored. */
	readonly flipped: boolean;
	/** The image's, as it is varied this time. */
	readonly prompt: string;
}

/** Images of one size that go through the networks together: instance images, then their class images. */
export interface MicroBatch extends Size {
	readonly rows: readonly Row[];
	/** Rows that its function is compiled for; those without an image count for nothing. */
	readonly places: number;
}

export type BatchConfig = PromptVariation & Pick<TrainingConfig, 'seed' | 'batchSize' | 'gradientAccumulation' | 'horizontalFlip' | 'crop' | 'padTokens'>;

/**
 * Which images each step sees. A pure function of the seed and the step, so that a resumed run continues with the same
 * images; and however many images a micro-batch has, a step of as many in all sees the same.
 *
 * The images of an epoch are a permutation of all of them, and steps run on across the end of an epoch, so that each is full.
 * With buckets a step takes the first image that is left in the permutation, then others of its bucket and concept, in their order;
 * when these run out, the next image that is left leads on. So a step is of one bucket where that is possible.
 */
export class Batches {
	readonly #candidates: ReadonlyMap<string, readonly TrainingImage[]>;
	/** The orders that the step in hand needs: two epochs' at most, unless the set is smaller than a step. */
	readonly #orders = new Map<string, readonly TrainingImage[]>();

	constructor(private readonly set: TrainingSet, private readonly config: BatchConfig) {
		this.#candidates = groupBy(set.classImages, partnersOf);
	}

	/** Of the step after `done` steps. */
	ofStep(done: number): MicroBatch[] {
		const {batchSize} = this.config;
		const samples = Array.from({length: this.#imagesPerStep}, (_, i) => done * this.#imagesPerStep + i);
		const instances = samples.map(sample => this.#row(this.#instanceAt(sample), 'instance', sample));
		if (this.#orders.size > MOST_ORDERS) this.#orders.clear();
		return [...groupBy(instances, ({image}) => this.#groupOf(image)).values()].flatMap(group =>
			Array.from({length: Math.ceil(group.length / batchSize)}, (_, i) => this.#microBatches(group.slice(i * batchSize, (i + 1) * batchSize))).flat());
	}

	get #imagesPerStep(): number {
		return this.config.batchSize * this.config.gradientAccumulation;
	}

	/** Images that may share a micro-batch. */
	#groupOf({concept, ...size}: TrainingImage): string {
		return this.config.crop === 'none' ? `${concept} ${sizeName(size)}` : '';
	}

	/** One, or where prompts are not padded one for each image: their lengths differ. */
	#microBatches(instances: readonly Row[]): MicroBatch[] {
		const [{image}] = instances;
		const partners = instances.flatMap(row => this.#partnerOf(row) ?? []);
		const {width, height} = image;
		if (!this.config.padTokens) return [...instances, ...partners].map(row => ({width, height, rows: [row], places: 1}));
		const paired = this.set.classImages.some(other => this.#groupOf(other) === this.#groupOf(image));
		return [{width, height, rows: [...instances, ...partners], places: (paired ? 2 : 1) * this.config.batchSize}];
	}

	/** The class image of the same concept and size that stands beside an instance image. */
	#partnerOf({image, draw: {step: sample}}: Row): Row | undefined {
		const candidates = this.#candidates.get(partnersOf(image));
		if (!candidates) return undefined;
		const pass = Math.floor(sample / candidates.length);
		const stream = `class images of concept ${image.concept}`;
		const order = this.#remembered(`${stream} ${sizeName(image)} ${pass}`, () => this.#shuffled(candidates, stream, pass));
		return this.#row(order[sample % candidates.length], 'class', sample);
	}

	#row(image: TrainingImage, kind: Row['kind'], sample: number): Row {
		const draw = {step: sample, index: kind === 'instance' ? 0 : 1};
		const {seed, horizontalFlip} = this.config;
		const flipped = horizontalFlip && uniformInt(2, {seed, stream: 'flip', ...draw}) === 1;
		return {image, kind, draw, flipped, prompt: varyPrompt(image.prompt, this.config, {seed, ...draw})};
	}

	#instanceAt(sample: number): TrainingImage {
		const epoch = epochOf(sample, this.set);
		return this.#remembered(`instance ${epoch}`, () => this.#epoch(epoch))[sample % this.set.instance.length];
	}

	#epoch(epoch: number): readonly TrainingImage[] {
		const {instance} = this.set;
		const shuffled = this.#shuffled(instance, 'instance images', epoch);
		const left = groupBy(shuffled, image => this.#groupOf(image));
		const taken = new Set<TrainingImage>();
		const order: TrainingImage[] = [];
		for (const first of shuffled) {
			if (taken.has(first)) continue;
			const places = this.#imagesPerStep - ((epoch * instance.length + order.length) % this.#imagesPerStep);
			for (const image of left.get(this.#groupOf(first))?.splice(0, places) ?? []) {
				taken.add(image);
				order.push(image);
			}
		}
		return order;
	}

	#shuffled(images: readonly TrainingImage[], stream: string, pass: number): TrainingImage[] {
		return Array.from(permutation(images.length, {seed: this.config.seed, stream, step: pass}), place => images[place]);
	}

	#remembered(name: string, make: () => readonly TrainingImage[]): readonly TrainingImage[] {
		let order = this.#orders.get(name);
		if (!order) this.#orders.set(name, (order = make()));
		return order;
	}
}

/** Orders are cheap to make again. */
const MOST_ORDERS = 64;

const partnersOf = ({concept, ...size}: TrainingImage): string => `${concept} ${sizeName(size)}`;

/** Keeps `validationImages` of each concept's instance images back from training. @throws DataError when none would be left */
export function heldOut(set: TrainingSet, {validationImages, seed}: {validationImages: number; seed: number}): {set: TrainingSet; images: readonly TrainingImage[]} {
	if (validationImages === 0) return {set, images: []};
	const chosen = new Set<TrainingImage>();
	for (const concept of new Set(set.instance.map(image => image.concept))) {
		const own = set.instance.filter(image => image.concept === concept);
		if (own.length <= validationImages) {
			throw new DataError(`validationImages is ${validationImages}, but concept ${concept + 1} has only ${own.length} images: none would be left to train on.`, {action: `Set validationImages below ${own.length}, or add images.`});
		}
		for (const place of permutation(own.length, {seed, stream: 'held-out images', step: concept}).slice(0, validationImages)) chosen.add(own[place]);
	}
	return {set: {...set, instance: set.instance.filter(image => !chosen.has(image))}, images: [...chosen]};
}

/** Which epoch the sample with this number (from 0) belongs to, from 0. */
export const epochOf = (sample: number, {instance}: TrainingSet): number => Math.floor(sample / instance.length);
