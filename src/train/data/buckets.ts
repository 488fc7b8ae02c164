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

/** The size whose width divided by height is nearest to the image's; of two as near, the earlier. */
export function bucketOf(image: Size, sizes: readonly Size[]): Size {
	const distance = ({width, height}: Size) => Math.abs(width / height - image.width / image.height);
	return sizes.reduce((best, size) => (distance(size) < distance(best) ? size : best));
}

/** 576x384 */
export const sizeName = ({width, height}: Size): string => `${width}x${height}`;
