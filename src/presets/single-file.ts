import fs from 'node:fs';
import {BaseModelError} from './model-error.ts';
import {recognizeTensors, type ModelFamily} from './model-kind.ts';

/** What a single-file model is, from its header and one small tensor. */
export interface SingleFileFacts {
	readonly family: ModelFamily;
	readonly prediction: 'epsilon' | 'v_prediction';
	/** It has the average of the UNet's weights too. */
	readonly ema: boolean;
	readonly parameters: {readonly unet: number; readonly textEncoder: number; readonly autoencoder: number};
}

const UNET = 'model.diffusion_model.';
/** Its spread tells the two predictions of SD 2 apart (ComfyUI's rule): fine-tuning does not move it across. */
const TELLING_BIAS = `${UNET}output_blocks.11.1.transformer_blocks.0.norm1.bias`;
const VELOCITY_SPREAD = 0.09;

interface Entry {
	readonly dtype: string;
	readonly shape: readonly number[];
	readonly data_offsets: readonly [number, number];
}

/** @throws BaseModelError when the file is no Stable Diffusion 1.x or 2.x model in one safetensors file */
export function readSingleFileFacts(file: string): SingleFileFacts {
	const handle = fs.openSync(file, 'r');
	try {
		const {entries, metadata, begin} = readHeader(handle, file);
		const names = Object.keys(entries);
		const {kind, name, family, refusal} = recognizeTensors(new Map(Object.entries(entries)));
		if (refusal !== undefined) throw refused(file, `cannot be trained: ${name} (${refusal})`);
		if (kind !== 'checkpoint') throw refused(file, `is no whole model: ${name}`);
		if (family === undefined) throw refused(file, `cannot be trained: ${name} (its configs are not in the file)`);
		const count = (prefix: string) => names.filter(each => each.startsWith(prefix)).reduce((sum, each) => sum + entries[each].shape.reduce((product, side) => product * side, 1), 0);
		return {
			family,
			prediction: family === 'sd2' && predictsVelocity(handle, entries[TELLING_BIAS], begin, metadata) ? 'v_prediction' : 'epsilon',
			ema: names.some(each => each.startsWith('model_ema.diffusion_model')),
			parameters: {unet: count(UNET), textEncoder: count('cond_stage_model.'), autoencoder: count('first_stage_model.')},
		};
	} finally {
		fs.closeSync(handle);
	}
}

function readHeader(handle: number, file: string): {entries: Readonly<Record<string, Entry>>; metadata: Readonly<Record<string, string>>; begin: number} {
	const length = Buffer.alloc(8);
	fs.readSync(handle, length, 0, 8, 0);
	const size = Number(length.readBigUInt64LE());
	if (size <= Math.min(100_000_000, fs.fstatSync(handle).size - 8)) {
		const header = Buffer.alloc(size);
		fs.readSync(handle, header, 0, size, 8);
		try {
			const {__metadata__: metadata = {}, ...entries} = JSON.parse(header.toString()) as Record<string, Entry> & {__metadata__?: Record<string, string>};
			if (Object.values(entries).every(entry => isEntry(entry, fs.fstatSync(handle).size - 8 - size))) return {entries, metadata: metadata ?? {}, begin: 8 + size};
		} catch {}
	}
	throw new BaseModelError(`${file} is not a safetensors file.`, 'Choose a .safetensors file or a diffusers folder. A .ckpt file is a pickle, which can run code when it is opened, and is refused.');
}

/** Its bytes must be there: what a header says is not to be trusted with memory. */
const isEntry = (entry: Partial<Entry> | null, dataBytes: number): boolean => {
	const isCounts = (list: unknown): list is number[] => Array.isArray(list) && list.every(each => Number.isSafeInteger(each) && each >= 0);
	const {shape, data_offsets: offsets} = entry ?? {};
	return isCounts(shape) && isCounts(offsets) && offsets.length === 2 && offsets[0] <= offsets[1] && offsets[1] <= dataBytes;
};

function predictsVelocity(handle: number, bias: Entry | undefined, begin: number, metadata: Readonly<Record<string, string>>): boolean {
	const stated = metadata['modelspec.prediction_type'] ?? metadata['modelspec.predict_key'];
	if (stated === 'v' || stated === 'epsilon') return stated === 'v';
	if (!bias) return false;
	const [from, to] = bias.data_offsets;
	const bytes = Buffer.alloc(to - from);
	fs.readSync(handle, bytes, 0, bytes.length, begin + from);
	const values = numbersOf(bytes, bias.dtype);
	const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
	return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)) > VELOCITY_SPREAD;
}

function numbersOf(bytes: Buffer, dtype: string): number[] {
	switch (dtype) {
		case 'F32': {
			return Array.from({length: bytes.length / 4}, (_, i) => bytes.readFloatLE(4 * i));
		}

		case 'BF16': {
			const wide = Buffer.alloc(4);
			return Array.from({length: bytes.length / 2}, (_, i) => {
				wide.writeUInt16LE(bytes.readUInt16LE(2 * i), 2);
				return wide.readFloatLE(0);
			});
		}

		case 'F16': {
			return Array.from({length: bytes.length / 2}, (_, i) => fromHalf(bytes.readUInt16LE(2 * i)));
		}

		default: {
			return [];
		}
	}
}

function fromHalf(bits: number): number {
	const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
	if (exponent === 31) return fraction ? Number.NaN : sign * Infinity;
	return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

const refused = (file: string, what: string): BaseModelError =>
	new BaseModelError(`${file} ${what}.`, 'Choose a Stable Diffusion 1.x or 2.x model: one safetensors file, or a diffusers folder.');
