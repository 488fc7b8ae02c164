import {permutation, uniformInt} from '../random.ts';

/** One batch of instance images. */
export interface Batch {
	/** Counted from 0. */
	readonly epoch: number;
	/** Which image each row of the batch has; as many as the batch size. */
	readonly images: Uint32Array;
	/**
	 * The first `fresh` rows are the epoch's. A last batch that is not full is filled with rows from the beginning of the epoch, so
	 * that every batch has the same shape; the epoch has seen those already.
	 */
	readonly fresh: number;
}

export interface EpochOrder {
	readonly batchesPerEpoch: number;
	/** The k-th batch of the run, k from 0. A pure function of k: a resumed run goes on with the batch that it would have had. */
	batch(k: number): Batch;
}

/** Every epoch shows every image once, in an order of its own that depends on the seed and the epoch alone. */
export function epochOrder({images, batchSize, seed}: {readonly images: number; readonly batchSize: number; readonly seed: number}): EpochOrder {
	const batchesPerEpoch = Math.ceil(images / batchSize);
	let shuffled: {epoch: number; order: Uint32Array} = {epoch: -1, order: new Uint32Array()};
	const orderOf = (epoch: number): Uint32Array => {
		if (shuffled.epoch !== epoch) shuffled = {epoch, order: permutation(images, {seed, stream: 'epoch order', step: epoch})};
		return shuffled.order;
	};
	return {
		batchesPerEpoch,
		batch(k) {
			const epoch = Math.floor(k / batchesPerEpoch);
			const first = (k % batchesPerEpoch) * batchSize;
			const order = orderOf(epoch);
			return {
				epoch,
				images: Uint32Array.from({length: batchSize}, (_, row) => order[(first + row) % images]),
				fresh: Math.min(batchSize, images - first),
			};
		},
	};
}

/** Which of a concept's class images stands beside an instance image: any, drawn anew for every row of every batch. */
export function pairedClassImage(classImages: number, {seed, batch, row}: {readonly seed: number; readonly batch: number; readonly row: number}): number {
	return uniformInt(classImages, {seed, stream: 'class image', step: batch, index: row});
}
