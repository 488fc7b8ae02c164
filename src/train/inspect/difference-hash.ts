import sharp from 'sharp';

const SIDE = 8;
/** Grey levels that count as brighter. Less is the noise of compression: with 0, JPEG copies of a picture on an even ground differ in up to 18 bits, with 2 mostly in up to 4. */
const NOISE = 2;

/**
 * 64 bits that stay nearly the same when an image is scaled, recompressed or slightly recoloured: whether each of 8×8 grey
 * values is clearly brighter than its right neighbour (dHash, N. Krawetz, "Kind of like that", 2013).
 */
export async function differenceHash(file: string): Promise<bigint> {
	const grey = await sharp(file).autoOrient().flatten({background: 'white'}).greyscale().resize(SIDE + 1, SIDE, {fit: 'fill', fastShrinkOnLoad: false}).raw().toBuffer();
	let hash = 0n;
	for (let y = 0; y < SIDE; y++) {
		for (let x = 0; x < SIDE; x++) {
			const at = y * (SIDE + 1) + x;
			hash = (hash << 1n) | (grey[at] > grey[at + 1] + NOISE ? 1n : 0n);
		}
	}
	return hash;
}

/** In how many bits two hashes differ. */
export function hammingDistance(a: bigint, b: bigint): number {
	let count = 0;
	for (let bits = a ^ b; bits !== 0n; bits &= bits - 1n) count++;
	return count;
}

/** Items that look like the first of their group; items without a like are left out. */
export function alike<T extends {readonly hash: bigint}>(items: readonly T[], mostBits: number): T[][] {
	const groups: T[][] = [];
	for (const item of items) {
		const group = groups.find(([first]) => hammingDistance(first.hash, item.hash) <= mostBits);
		if (group) group.push(item);
		else groups.push([item]);
	}
	return groups.filter(({length}) => length > 1);
}
