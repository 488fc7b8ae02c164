import {existsSync, readdirSync, statSync} from 'node:fs';
import path from 'node:path';
import {addNumbers, digestSafetensors, noNumbers, type Hashes, type Numbers} from '../weights/index.ts';
import {readContents, readFolderContents, type Contents} from './contents.ts';

export {dtypeText, sizeText, type Component, type Contents, type LoraContents} from './contents.ts';

/**
 * What a file or folder is and holds, from headers and configs only.
 * @throws WeightsError for what cannot be opened, a pickle or another pipeline with the reason
 */
export async function whatIs(place: string): Promise<Contents> {
	if (statSync(place, {throwIfNoEntry: false})?.isDirectory() !== true) return readContents(place);
	// A LoRA or a single network has a folder of its own in diffusers.
	const weights = readdirSync(place).filter(name => name.endsWith('.safetensors'));
	return existsSync(path.join(place, 'model_index.json')) || weights.length !== 1 ? readFolderContents(place) : readContents(path.join(place, weights[0]));
}

/** What is known once every number has been read. */
export interface Count {
	readonly hashes: readonly (Hashes & {readonly path: string})[];
	/** By component. */
	readonly numbers: ReadonlyMap<string, Numbers>;
}

/** Reads all weights once, in pieces. */
export async function countNumbers({files, bytes}: Contents, {onProgress}: {onProgress?: (share: number) => void} = {}): Promise<Count> {
	const numbers = new Map<string, Numbers>();
	const hashes: (Hashes & {path: string})[] = [];
	let done = 0;
	for (const {path: file, componentOf} of files) {
		const own = await digestSafetensors(file, {
			onTensor(name, added) {
				const component = componentOf(name);
				numbers.set(component, addNumbers(numbers.get(component) ?? noNumbers, added));
			},
			onBytes(read) {
				done += read;
				onProgress?.(Math.min(done / bytes, 1));
			},
		});
		hashes.push({path: path.resolve(file), ...own});
	}
	return {hashes, numbers};
}
