import {open, type FileHandle} from 'node:fs/promises';
import {explainFileErrors, WeightsError} from './errors.ts';
import {bfloatsToFloats, halvesToFloats} from './half.ts';
import {HEADER_LIMIT, HeaderError, parseHeader, type TensorEntry} from './safetensors-header.ts';

/** A tensor and what it is read from. */
export interface StoredTensor extends TensorEntry {
	/** The bytes `begin` to `end` of the file that it lies in, in a buffer of their own. */
	readonly read: (begin: number, end: number) => Promise<Uint8Array<ArrayBuffer>>;
}

/** One read of at most this many bytes: the system reads no more than 2 GiB at once. */
const PIECE_BYTES = 2 ** 28;

/**
 * Tensors that lie in one or more open safetensors files. Only the headers are in memory; a tensor is read when it is
 * asked for.
 */
export class SafetensorsFile {
	/** For messages: the file, or what its shards have in common. */
	readonly path: string;
	readonly metadata: ReadonlyMap<string, string>;
	readonly tensors: ReadonlyMap<string, StoredTensor>;
	/** The files that are open. */
	readonly paths: readonly string[];
	readonly #handles: readonly FileHandle[];

	constructor(path: string, metadata: ReadonlyMap<string, string>, tensors: ReadonlyMap<string, StoredTensor>, handles: readonly FileHandle[], paths: readonly string[] = [path]) {
		this.path = path;
		this.paths = paths;
		this.metadata = metadata;
		this.tensors = tensors;
		this.#handles = handles;
	}

	/** The same open file with other names, shapes or ranges for what lies in it. */
	withTensors(tensors: ReadonlyMap<string, StoredTensor>): SafetensorsFile {
		return new SafetensorsFile(this.path, this.metadata, tensors, this.#handles, this.paths);
	}

	/** Several open files seen as one; where names repeat, the last file's tensor counts. */
	static join(path: string, files: readonly SafetensorsFile[]): SafetensorsFile {
		const tensors = new Map(files.flatMap(file => [...file.tensors]));
		return new SafetensorsFile(path, files[0].metadata, tensors, files.flatMap(file => file.#handles), files.map(file => file.path));
	}

	/** @throws WeightsError when there is no tensor of this name. */
	get(name: string): StoredTensor {
		const tensor = this.tensors.get(name);
		if (tensor !== undefined) return tensor;
		throw new WeightsError(`${this.path} has no tensor ${name}.`, {action: 'Choose a complete model file.'});
	}

	/** The tensor's bytes as they lie on disk, in a buffer of their own. */
	async readBytes(name: string): Promise<Uint8Array<ArrayBuffer>> {
		const {read, begin, end} = this.get(name);
		return explainFileErrors(`read tensor ${name} of ${this.path}`, () => read(begin, end));
	}

	/** Row-major values of an F16, BF16, F32 or F64 tensor, in 32-bit floats. */
	async readFloat32(name: string): Promise<Float32Array> {
		const {dtype} = this.get(name);
		if (dtype !== 'F16' && dtype !== 'BF16' && dtype !== 'F32' && dtype !== 'F64') {
			throw new WeightsError(`${this.path}: tensor ${name} has the data type ${dtype}; expected F16, BF16, F32 or F64.`, {action: 'Choose a model whose weights are floating-point numbers.'});
		}
		const {buffer} = await this.readBytes(name);
		if (dtype === 'F32') return new Float32Array(buffer);
		if (dtype === 'F64') return Float32Array.from(new Float64Array(buffer));
		return dtype === 'F16' ? halvesToFloats(new Uint16Array(buffer)) : bfloatsToFloats(new Uint16Array(buffer));
	}

	/** The bytes of an F16 or BF16 tensor, for whom can use them as they are; undefined for other data types. */
	async readHalves(name: string): Promise<{readonly type: 'F16' | 'BF16'; readonly bytes: Uint8Array} | undefined> {
		const {dtype} = this.get(name);
		return dtype === 'F16' || dtype === 'BF16' ? {type: dtype, bytes: await this.readBytes(name)} : undefined;
	}

	/** Row-major values of an I32 tensor, or of an I64 one whose values fit. */
	async readInt32(name: string): Promise<Int32Array> {
		const {dtype} = this.get(name);
		const {buffer} = await this.readBytes(name);
		if (dtype === 'I32') return new Int32Array(buffer);
		if (dtype === 'I64') {
			const wide = new BigInt64Array(buffer);
			if (wide.every(value => value === BigInt.asIntN(32, value))) return Int32Array.from(wide, Number);
		}
		throw new WeightsError(`${this.path}: tensor ${name} (${dtype}) does not hold 32-bit whole numbers.`, {action: 'Choose another file.'});
	}

	/** Nothing can be read afterwards, through any view of the file. */
	async close(): Promise<void> {
		await Promise.all(this.#handles.map(handle => handle.close()));
	}
}

/**
 * Opens a safetensors file and checks its header completely.
 * @throws WeightsError naming the file and what is wrong with it; a pickle (.ckpt, .pt, .bin) is refused with the reason.
 */
export async function openSafetensors(file: string): Promise<SafetensorsFile> {
	const handle = await explainFileErrors(`open ${file}`, () => open(file, 'r'));
	try {
		const header = await explainFileErrors(`read ${file}`, () => readHeader(handle, file));
		const read: StoredTensor['read'] = (begin, end) => readRange(handle, begin, end, file);
		return new SafetensorsFile(file, header.metadata, new Map([...header.tensors].map(([name, entry]) => [name, {...entry, read}])), [handle]);
	} catch (error) {
		await handle.close();
		if (!(error instanceof HeaderError)) throw error;
		throw new WeightsError(`${file} is not a valid safetensors file: ${error.message}.`, {action: 'Download or copy the file again, or choose another one.', cause: error});
	}
}

async function readHeader(handle: FileHandle, file: string) {
	const {size} = await handle.stat();
	const start = new Uint8Array(9);
	const {bytesRead} = await handle.read(start, 0, start.length, 0);
	if (isPickle(start)) throw pickleRefusal(file);
	if (bytesRead < 8) throw new HeaderError(`it has only ${bytesRead} bytes`);
	const length = new DataView(start.buffer).getBigUint64(0, true);
	if (length > HEADER_LIMIT) throw new HeaderError(`its header claims ${length} bytes, more than the ${HEADER_LIMIT} that are allowed`);
	if (Number(length) + 8 > size) throw new HeaderError(`its header claims ${length} bytes, but the file has ${size}`);
	return parseHeader(await readRange(handle, 8, 8 + Number(length), file), size);
}

async function readRange(handle: FileHandle, begin: number, end: number, file: string): Promise<Uint8Array<ArrayBuffer>> {
	const bytes = new Uint8Array(end - begin);
	for (let done = 0; done < bytes.length; ) {
		const {bytesRead} = await handle.read(bytes, done, Math.min(PIECE_BYTES, bytes.length - done), begin + done);
		if (bytesRead === 0) {
			throw new WeightsError(`${file} became shorter while it was read.`, {action: 'Wait until nothing else writes the file, and try again.'});
		}
		done += bytesRead;
	}
	return bytes;
}

/**
 * torch.save writes a ZIP archive, or (old) a bare pickle of protocol 2 to 5. Those first bytes could also be the length
 * of a safetensors header, whose text then begins at byte 8.
 */
function isPickle(start: Uint8Array): boolean {
	const [first, second, third, fourth] = start;
	const magic = (first === 0x50 && second === 0x4b && third === 3 && fourth === 4) || (first === 0x80 && second >= 2 && second <= 5);
	return magic && !'{ \t\r\n'.includes(String.fromCharCode(start[8]));
}

/** @param target where its weights may be put as safetensors */
export function pickleRefusal(file: string, target = `${file.replace(/\.\w+$/, '')}.safetensors`): WeightsError {
	return new WeightsError(`${file} is a Python pickle. Opening a pickle runs the program inside it, so it is refused.`, {
		action: `If you trust its source, convert it once with PyTorch and safetensors installed:
  python3 -c "import sys, torch; from safetensors.torch import save_file; d = torch.load(sys.argv[1], map_location='cpu', weights_only=True); d = d.get('state_dict', d); save_file({k: v.contiguous().clone() for k, v in d.items() if hasattr(v, 'shape')}, sys.argv[2])" ${file} ${target}`,
	});
}
