import {DataError} from './data/index.ts';
import {permutation, uniformInt} from './random.ts';

/** One image of the training set. */
export interface TrainingImage {
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
}

export interface BatchOptions {
	readonly seed: number;
	readonly batchSize: number;
	readonly horizontalFlip: boolean;
}

/**
 * The rows of micro-batch `micro` (counted from 0 through the whole run): instance images, then as many class images of
 * the same concepts. A pure function, so a resumed run continues with the same images.
 *
 * The images of an epoch are a permutation of all of them; batches run on across the end of an epoch, so that each is full.
 */
export function rowsOf({instance, classImages}: TrainingSet, micro: number, {seed, batchSize, horizontalFlip}: BatchOptions): Row[] {
	const row = (image: TrainingImage, kind: Row['kind'], sample: number): Row => {
		const draw = {step: sample, index: kind === 'instance' ? 0 : 1};
		return {image, kind, draw, flipped: horizontalFlip && uniformInt(2, {seed, stream: 'flip', ...draw}) === 1};
	};
	const first = micro * batchSize;
	const instances = Array.from({length: batchSize}, (_, i) => row(inOrder(instance, first + i, {seed, stream: 'instance images'}), 'instance', first + i));
	if (classImages.length === 0) return instances;
	const partners = instances.flatMap(({image}, i) => {
		const candidates = classImages.filter(({concept}) => concept === image.concept);
		if (candidates.length === 0) return [];
		return [row(inOrder(candidates, first + i, {seed, stream: `class images of concept ${image.concept}`}), 'class', first + i)];
	});
	return [...instances, ...partners];
}

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

/** The sample's image: each pass over the images has its own order. */
function inOrder<T>(images: readonly T[], sample: number, {seed, stream}: {seed: number; stream: string}): T {
	const pass = Math.floor(sample / images.length);
	return images[permutation(images.length, {seed, stream, step: pass})[sample % images.length]];
}

/** Which epoch the sample with this number (from 0) belongs to, from 0. */
export const epochOf = (sample: number, {instance}: TrainingSet): number => Math.floor(sample / instance.length);
