import type {DeviceTensor} from '../graph/index.ts';

/** Where the moments of encoded pictures are kept. A key names an image in one size and one orientation. */
export interface MomentsStore {
	/** Whether they are there and whole. */
	has(key: string): Promise<boolean>;
	/** shape: [height, width, 2·channels] of latents. @throws DiskRoomError, WeightsError (a disk that is full or may not be written) */
	keep(key: string, moments: Float32Array, shape: readonly number[]): Promise<void>;
	/** Of pictures of one size, [keys, height, width, 2·channels]; undefined when one of them is missing or damaged. */
	of(keys: readonly string[]): Promise<Float32Array | DeviceTensor | undefined>;
}

/** Arrays of one length, one after another. */
export function inOneArray<A extends Float32Array | Int32Array>(parts: readonly A[]): A {
	const [{length, constructor}] = parts;
	const joined = new (constructor as new (length: number) => A)(parts.length * length);
	parts.forEach((part, i) => joined.set(part, i * length));
	return joined;
}
