import {dtypeBytes, formatShape, isDtype, type Dtype} from './dtypes.ts';
import {shorten} from './shorten.ts';

/** Where a tensor lies: bytes `begin` to `end` (exclusive) of the file, row-major, little-endian. */
export interface TensorEntry {
	readonly dtype: Dtype;
	readonly shape: readonly number[];
	readonly begin: number;
	readonly end: number;
}

export interface Header {
	readonly metadata: ReadonlyMap<string, string>;
	/** In the order of the header. */
	readonly tensors: ReadonlyMap<string, TensorEntry>;
}

/** The reference reader's limit. */
export const HEADER_LIMIT = 100_000_000;
const TENSOR_LIMIT = 100_000;
const NAME_LIMIT = 1000;

/** What is wrong with a header; the reader adds the file's name. */
export class HeaderError extends Error {}

/**
 * Checks a header completely, so that nothing after it has to doubt a shape or an offset. Stricter than the reference
 * reader in two points: a repeated key and an unknown field of an entry are refused.
 * @param bytes the JSON text, without the eight length bytes
 * @param fileSize the whole file's
 * @throws HeaderError
 */
export function parseHeader(bytes: Uint8Array, fileSize: number): Header {
	const text = decode(bytes);
	const json = parse(text);
	requirePlainNumbers(text);
	const dataBegin = 8 + bytes.length;
	const metadata = new Map<string, string>();
	const tensors = new Map<string, TensorEntry>();
	const entries = Object.entries(json);
	if (entries.length > TENSOR_LIMIT) throw new HeaderError(`it lists ${entries.length} tensors, more than ${TENSOR_LIMIT}`);
	for (const [name, entry] of entries) {
		if (name === '__metadata__') {
			for (const [key, value] of Object.entries(asObject(entry, '__metadata__'))) {
				if (typeof value !== 'string') throw new HeaderError(`__metadata__.${key} is ${shorten(value)}, not a text`);
				metadata.set(key, value);
			}
			continue;
		}
		if (name.length > NAME_LIMIT) throw new HeaderError(`a tensor has a name of ${name.length} characters, more than ${NAME_LIMIT}`);
		tensors.set(name, parseEntry(name, entry, dataBegin));
	}
	requireContiguous(tensors, dataBegin, fileSize);
	return {metadata, tensors};
}

function decode(bytes: Uint8Array): string {
	try {
		return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes);
	} catch {
		throw new HeaderError('its header is not UTF-8 text');
	}
}

function parse(text: string): object {
	if (!/^[ \t\r\n]*\{/.test(text)) throw new HeaderError(`its header does not begin with "{" but with ${shorten(text.slice(0, 20))}`);
	try {
		return JSON.parse(text) as object;
	} catch (error) {
		throw new HeaderError(`its header is not JSON (${(error as Error).message})`);
	}
}

/**
 * JSON.parse hides two things in a valid text: it keeps the last of two equal keys, and it turns 1.0 and 1e3 into whole
 * numbers. Walks the tokens and refuses both.
 */
function requirePlainNumbers(text: string): void {
	const token = /"[^"\\]*(?:\\.[^"\\]*)*"(?<key>[ \t\r\n]*:)?|[{}]|-?\d[\d.eE+-]*/g;
	const open: Set<string>[] = [];
	for (let match = token.exec(text); match !== null; match = token.exec(text)) {
		const word = match[0];
		if (word === '{') open.push(new Set());
		else if (word === '}') open.pop();
		else if (match.groups?.key !== undefined) {
			const name = JSON.parse(word.slice(0, -match.groups.key.length)) as string;
			const names = open.at(-1);
			if (names?.has(name)) throw new HeaderError(`its header has the key ${shorten(name)} twice`);
			names?.add(name);
		} else if (!word.startsWith('"') && !/^\d+$/.test(word)) throw new HeaderError(`its header has the number ${shorten(word)}, not a whole one of 0 or more`);
	}
}

function parseEntry(name: string, json: unknown, dataBegin: number): TensorEntry {
	const at = `tensor ${shorten(name)}`;
	const {dtype, shape, data_offsets: offsets, ...others} = asObject(json, at);
	const unknown = Object.keys(others)[0];
	if (unknown !== undefined) throw new HeaderError(`${at} has the unknown field ${shorten(unknown)}`);
	if (!isDtype(dtype)) {
		throw new HeaderError(`${at} has the data type ${shorten(dtype)}; expected one of ${Object.keys(dtypeBytes).join(', ')}`);
	}
	if (!isCounts(shape)) throw new HeaderError(`${at} has the shape ${shorten(shape)}, not a list of whole numbers`);
	if (!isCounts(offsets) || offsets.length !== 2) throw new HeaderError(`${at} has data_offsets ${shorten(offsets)}, not a begin and an end`);
	let bytes: number = dtypeBytes[dtype];
	for (const size of shape) {
		bytes *= size;
		if (!Number.isSafeInteger(bytes)) throw new HeaderError(`${at} with shape ${formatShape(shape)} is too large`);
	}
	const [begin, end] = offsets;
	if (end - begin !== bytes) {
		throw new HeaderError(`${at} (${dtype} ${formatShape(shape)}) needs ${bytes} bytes, but its data_offsets ${begin} to ${end} give ${end - begin}`);
	}
	return {dtype, shape, begin: dataBegin + begin, end: dataBegin + end};
}

/** Every byte after the header belongs to exactly one tensor: no room for anything hidden, and none missing. */
function requireContiguous(tensors: ReadonlyMap<string, TensorEntry>, dataBegin: number, fileSize: number): void {
	let position = dataBegin;
	const inOrder = [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
	for (const [name, {begin, end}] of inOrder) {
		if (begin !== position) {
			const what = begin < position ? 'overlaps the tensor before it' : 'leaves a hole before it';
			throw new HeaderError(`tensor ${shorten(name)} ${what}: it begins at data byte ${begin - dataBegin}, expected ${position - dataBegin}`);
		}
		position = end;
	}
	if (position > fileSize) throw new HeaderError(`it is cut off: its tensors need ${position} bytes, the file has ${fileSize}`);
	if (position < fileSize) throw new HeaderError(`it has ${fileSize - position} bytes that belong to no tensor`);
}

function asObject(json: unknown, what: string): Record<string, unknown> {
	if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Record<string, unknown>;
	throw new HeaderError(`${what} is ${shorten(json)}, not an object`);
}

const isCounts = (json: unknown): json is number[] => Array.isArray(json) && json.every(each => Number.isSafeInteger(each) && each >= 0);
