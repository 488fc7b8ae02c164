import {createHash} from 'node:crypto';
import {open, type FileHandle} from 'node:fs/promises';
import {dtypeBytes, type Dtype} from './dtypes.ts';
import {explainFileErrors, WeightsError} from './errors.ts';
import {bfloatsToFloats, halvesToFloats} from './half.ts';
import {openSafetensors, type StoredTensor} from './safetensors.ts';

/** How a file is told from others. All in lower-case hexadecimal digits. */
export interface Hashes {
	/** Of the whole file. */
	readonly sha256: string;
	/** What A1111 and Civitai show of a model: the first ten digits of it. */
	readonly autoV2: string;
	/** Of everything behind the header: it stays when the metadata change. ModelSpec has it as hash_sha256. */
	readonly tensors: string;
	/** What A1111 and Civitai show of a LoRA: the first twelve digits of it. */
	readonly autoV3: string;
}

/** Sums over the numbers of one or more tensors. */
export interface Numbers {
	readonly count: number;
	readonly nans: number;
	readonly infinities: number;
	/** Of the finite ones. */
	readonly sumOfSquares: number;
	/** The largest finite magnitude. */
	readonly largest: number;
}

export interface DigestOptions {
	/** Hears of the numbers of every tensor of floating-point numbers. */
	readonly onTensor?: (name: string, numbers: Numbers) => void;
	/** Bytes that were read since the last call. */
	readonly onBytes?: (bytes: number) => void;
}

const PIECE_BYTES = 2 ** 23;

/** Reads a safetensors file once, in pieces: its hashes and, where asked for, what its numbers are. @throws WeightsError */
export async function digestSafetensors(file: string, {onTensor, onBytes}: DigestOptions = {}): Promise<Hashes> {
	const opened = await openSafetensors(file);
	const [whole, data] = [createHash('sha256'), createHash('sha256')];
	const piece = new Uint8Array(PIECE_BYTES);
	try {
		const tensors = [...opened.tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
		const handle = await open(file, 'r');
		try {
			const header = tensors[0]?.[1].begin ?? (await handle.stat()).size;
			await inPieces(handle, 0, header, piece, bytes => whole.update(bytes));
			for (const [name, tensor] of tensors) {
				const counter = onTensor && floats[tensor.dtype] ? new Counter(tensor) : undefined;
				await inPieces(handle, tensor.begin, tensor.end, piece, bytes => {
					whole.update(bytes);
					data.update(bytes);
					counter?.add(bytes);
					onBytes?.(bytes.length);
				});
				if (counter) onTensor?.(name, counter);
			}
		} finally {
			await handle.close();
		}
	} finally {
		await opened.close();
	}
	const [sha256, tensors] = [whole.digest('hex'), data.digest('hex')];
	return {sha256, autoV2: sha256.slice(0, 10), tensors, autoV3: tensors.slice(0, 12)};
}

async function inPieces(handle: FileHandle, begin: number, end: number, piece: Uint8Array, use: (bytes: Uint8Array) => void): Promise<void> {
	for (let at = begin; at < end; at += piece.length) {
		const wanted = Math.min(piece.length, end - at);
		for (let done = 0; done < wanted; ) {
			const {bytesRead} = await explainFileErrors('read the file', () => handle.read(piece, done, wanted - done, at + done));
			if (bytesRead === 0) throw new WeightsError('The file became shorter while it was read.', {action: 'Wait until nothing else writes it, and try again.'});
			done += bytesRead;
		}
		use(piece.subarray(0, wanted));
	}
}

/** Only whole numbers are missing: they have no NaN, and a norm of positions says nothing. */
const floats: Partial<Readonly<Record<Dtype, (buffer: ArrayBufferLike, length: number) => Float32Array | Float64Array>>> = {
	F64: (buffer, length) => new Float64Array(buffer, 0, length),
	F32: (buffer, length) => new Float32Array(buffer, 0, length),
	F16: (buffer, length) => halvesToFloats(new Uint16Array(buffer, 0, length)),
	BF16: (buffer, length) => bfloatsToFloats(new Uint16Array(buffer, 0, length)),
};

class Counter implements Numbers {
	count = 0;
	nans = 0;
	infinities = 0;
	sumOfSquares = 0;
	largest = 0;

	constructor(private readonly tensor: StoredTensor) {}

	/** @param bytes at the beginning of their buffer: a whole number of elements, as PIECE_BYTES is of every type */
	add({buffer, length}: Uint8Array): void {
		const {dtype} = this.tensor;
		const values = floats[dtype]!(buffer, length / dtypeBytes[dtype]);
		const all = sumOfSquares(values);
		this.count += values.length;
		// Squares of 32-bit floats do not overflow in 64 bits: a sum that is finite has nothing else in it.
		const finite = Number.isFinite(all.sum) ? values : values.filter(value => Number.isFinite(value));
		const {sum, largest} = finite === values ? all : sumOfSquares(finite);
		if (finite !== values) {
			const nans = values.filter(value => Number.isNaN(value)).length;
			this.nans += nans;
			this.infinities += values.length - finite.length - nans;
		}
		this.sumOfSquares += sum;
		this.largest = Math.max(this.largest, largest);
	}
}

function sumOfSquares(values: Float32Array | Float64Array): {sum: number; largest: number} {
	let sum = 0;
	let largest = 0;
	for (let i = 0; i < values.length; i++) {
		const square = values[i] * values[i];
		sum += square;
		if (square > largest) largest = square;
	}
	return {sum, largest: Math.sqrt(largest)};
}

export const noNumbers: Numbers = {count: 0, nans: 0, infinities: 0, sumOfSquares: 0, largest: 0};

export const addNumbers = (a: Numbers, b: Numbers): Numbers => ({
	count: a.count + b.count,
	nans: a.nans + b.nans,
	infinities: a.infinities + b.infinities,
	sumOfSquares: a.sumOfSquares + b.sumOfSquares,
	largest: Math.max(a.largest, b.largest),
});
