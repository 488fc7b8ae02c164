/** Pixels. */
export interface Size {
	readonly width: number;
	readonly height: number;
}

/** Proportions of buckets, and each of them turned. */
const proportions = [[1, 1], [5, 4], [4, 3], [3, 2], [16, 9], [2, 1]] as const;

/**
 * The sizes that images keep their proportions in: each has about `resolution`² pixels and sides that are multiples of `step`, what
 * the networks can work with. Proportions whose size is the same share a bucket: 512 in steps of 64 has nine (512×512,
 * 512×448, 576×384, 640×384, 704×320 and the last four turned).
 */
export function bucketSizes(resolution: number, step: number): Size[] {
	const side = (length: number) => Math.max(step, Math.floor(length / step) * step);
	const sizes = new Map<string, Size>();
	for (const [long, short] of proportions) {
		const [longer, shorter] = [side(resolution * Math.sqrt(long / short)), side(resolution * Math.sqrt(short / long))];
		for (const size of [{width: longer, height: shorter}, {width: shorter, height: longer}]) sizes.set(sizeName(size), size);
	}
	return [...sizes.values()];
}

/** The size nearest to the image in its proportions, the one that least is cut off for; of two as near, the earlier. */
export const bucketOf = (image: Size, sizes: readonly Size[]): Size => sizes.reduce((best, size) => (cutOff(image, size) < cutOff(image, best) ? size : best));

/** The share of an image, 0 … 1, that is cut off when it is scaled to cover a size. */
export function cutOff(image: Size, size: Size): number {
	const ratio = (size.width * image.height) / (size.height * image.width);
	return 1 - Math.min(ratio, 1 / ratio);
}

/**
 * Of the sizes that the images fall into, the `most` that cut least off all of them together, in their order; of two choices as good, the one
 * of earlier sizes. All sizes, used or not, where no more are used, and where `most` is 0.
 */
export function fewerSizes(images: readonly Size[], sizes: readonly Size[], most: number): readonly Size[] {
	const used = sizes.filter(size => images.some(image => bucketOf(image, sizes) === size));
	if (most === 0 || used.length <= most) return sizes;
	const shares = images.map(image => used.map(size => cutOff(image, size)));
	const loss = (places: readonly number[]) => shares.reduce((sum, each) => sum + places.reduce((least, place) => Math.min(least, each[place]), 1), 0);
	const choices = combinations(used.length, most).map(places => ({places, loss: loss(places)}));
	// Sums in another order differ in their last digits.
	const best = choices.reduce((best, choice) => (choice.loss < best.loss - 1e-9 ? choice : best));
	return best.places.map(place => used[place]);
}

/** Every choice of `count` of the numbers 0 … n − 1, each in order, the first ones first. */
const combinations = (n: number, count: number, from = 0): number[][] =>
	count === 0 ? [[]] : Array.from({length: Math.max(0, n - from)}, (_, i) => from + i).flatMap(first => combinations(n, count - 1, first + 1).map(rest => [first, ...rest]));

/** 576x384 */
export const sizeName = ({width, height}: Size): string => `${width}x${height}`;
