import {createHash} from 'node:crypto';
import type {FileHandle} from 'node:fs/promises';
import {atomicWrite} from './atomic.ts';
import {dtypeBytes, elementCount, formatShape, type Dtype} from './dtypes.ts';
import {openSafetensors} from './safetensors.ts';

/** A tensor to be written. `bytes` is asked once, when its turn comes, so that one tensor at a time is in memory. */
export interface TensorToWrite {
	readonly name: string;
	readonly dtype: Dtype;
	readonly shape: readonly number[];
	/** Row-major, little-endian. */
	bytes(): Promise<Uint8Array> | Uint8Array;
}

const dtypeOrder = Object.keys(dtypeBytes);

/** ModelSpec: the hash of everything behind the header, which says the same of two files with other words about themselves. */
const HASH = 'modelspec.hash_sha256';
const hashText = (digits: string): string => `0x${digits.padEnd(64, '0')}`;

/**
 * Writes a safetensors file atomically, one tensor at a time, and reads its header again before it takes its name. The
 * order of the tensors (by type, widest first, then by name) and the padding of the header are the reference writer's. Metadata
 * of ModelSpec get the hash of the tensors.
 * @throws WeightsError when the file cannot be written; Error when `bytes` gives another number of bytes than the shape.
 */
export async function writeSafetensors(file: string, entries: readonly TensorToWrite[], metadata: Readonly<Record<string, string>> = {}): Promise<void> {
	const sorted = [...entries].sort((a, b) => dtypeOrder.indexOf(a.dtype) - dtypeOrder.indexOf(b.dtype) || (a.name < b.name ? -1 : 1));
	const hash = 'modelspec.sai_model_spec' in metadata ? createHash('sha256') : undefined;
	await atomicWrite(
		file,
		async handle => {
			await writeAll(handle, header(sorted, hash ? {...metadata, [HASH]: hashText('')} : metadata));
			for (const entry of sorted) {
				const bytes = await entry.bytes();
				if (bytes.length !== byteLength(entry)) {
					throw new Error(`Tensor ${entry.name} (${entry.dtype} ${formatShape(entry.shape)}) came with ${bytes.length} bytes instead of ${byteLength(entry)}.`);
				}
				await writeAll(handle, bytes);
				hash?.update(bytes);
			}
			// The hash is known now and as long as what holds its place.
			if (hash) await writeAll(handle, header(sorted, {...metadata, [HASH]: hashText(hash.digest('hex'))}), {at: 0});
		},
		async staged => (await openSafetensors(staged)).close(),
	);
}

const byteLength = ({dtype, shape}: TensorToWrite): number => dtypeBytes[dtype] * elementCount(shape);

/** Written key by key: a tensor may be called `__proto__`, which an object literal would swallow. */
function header(entries: readonly TensorToWrite[], metadata: Readonly<Record<string, string>>): Uint8Array {
	const fields = Object.keys(metadata).length === 0 ? [] : [`"__metadata__":${JSON.stringify(metadata)}`];
	let position = 0;
	for (const entry of entries) {
		const end = position + byteLength(entry);
		fields.push(`${JSON.stringify(entry.name)}:${JSON.stringify({dtype: entry.dtype, shape: entry.shape, data_offsets: [position, end]})}`);
		position = end;
	}
	const json = new TextEncoder().encode(`{${fields.join(',')}}`);
	const padded = Math.ceil(json.length / 8) * 8;
	const bytes = new Uint8Array(8 + padded).fill(0x20);
	new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
	bytes.set(json, 8);
	return bytes;
}

/** One write of at most this many bytes: the system writes no more than 2 GiB at once. */
const PIECE_BYTES = 2 ** 28;

/** @param at where; left out, behind what was written last */
async function writeAll(handle: FileHandle, bytes: Uint8Array, {at}: {at?: number} = {}): Promise<void> {
	for (let done = 0; done < bytes.length; ) {
		const {bytesWritten} = await handle.write(bytes, done, Math.min(PIECE_BYTES, bytes.length - done), at === undefined ? null : at + done);
		done += bytesWritten;
	}
}
