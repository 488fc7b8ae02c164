import {createHash} from 'node:crypto';
import {mkdir} from 'node:fs/promises';
import path from 'node:path';
import {openSafetensors, writeSafetensors} from '../weights/index.ts';
import {inOneArray, type MomentsStore} from './store.ts';

const TENSOR = 'moments';

/**
 * One safetensors file for each picture, which serves later runs too. A file that is cut off or whose content is no longer what was
 * written counts as missing.
 * @param nameOf what the file of a key is called
 */
export function diskStore(folder: string, nameOf: (key: string) => Promise<string>): MomentsStore {
	const fileOf = async (key: string) => path.join(folder, `${await nameOf(key)}.safetensors`);
	return {
		has: async key => (await read(await fileOf(key))) !== undefined,
		async keep(key, moments, shape) {
			await mkdir(folder, {recursive: true});
			const bytes = bytesOf(moments);
			await writeSafetensors(await fileOf(key), [{name: TENSOR, dtype: 'F32', shape, bytes: () => bytes}], {picture: key, sha256: sha256(bytes)});
		},
		async of(keys) {
			const found = (await Promise.all(keys.map(async key => read(await fileOf(key))))).flatMap(each => each ?? []);
			return found.length === keys.length ? inOneArray(found) : undefined;
		},
	};
}

async function read(file: string): Promise<Float32Array | undefined> {
	try {
		const opened = await openSafetensors(file);
		try {
			const moments = await opened.readFloat32(TENSOR);
			return sha256(bytesOf(moments)) === opened.metadata.get('sha256') ? moments : undefined;
		} finally {
			await opened.close();
		}
	} catch {
		return undefined;
	}
}

const bytesOf = ({buffer, byteOffset, byteLength}: Float32Array): Uint8Array => new Uint8Array(buffer, byteOffset, byteLength);

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
