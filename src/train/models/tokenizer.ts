import {WeightsError} from '../weights/index.ts';
import {byteSymbols, clipVocabulary, EOS, BOS, readVocabulary, type Vocabulary} from './vocabulary.ts';

/** CLIP's byte-level BPE. */
export interface Tokenizer {
	/** The ids of `text`, without start and end, of any length. */
	encode(text: string): number[];
	readonly bos: number;
	readonly eos: number;
	/** Fills a prompt up: the end token in SD 1, 0 ("!") in SD 2. */
	readonly pad: number;
	/** One more than the largest id: rows that the token embedding needs. */
	readonly vocabularySize: number;
}

/** Positions of one sequence of the text encoder, start and end included. */
export const SEQUENCE_LENGTH = 77;
const CHUNK_LENGTH = SEQUENCE_LENGTH - 2;

/**
 * @param source a tokenizer folder (vocab.json and merges.txt, or tokenizer.json), or `clip` for CLIP's own 49 408 entries
 * @throws WeightsError naming the file that is missing or wrong
 */
export function loadTokenizer(source: string): Tokenizer {
	return createTokenizer(source === 'clip' ? clipVocabulary() : readVocabulary(source));
}

/** Byte-exact with transformers' `CLIPTokenizer` (tests/fixtures/README.md, section 12). */
export function createTokenizer({ids, merges, special, unknownToken, padToken}: Vocabulary): Tokenizer {
	const ranks = new Map(merges.map((merge, rank) => [merge, rank]));
	const idOf = (token: string): number => special.get(token) ?? required(ids, token);
	const [bos, eos, pad, unknown] = [BOS, EOS, padToken, unknownToken].map(idOf);
	const found = new Map([...special, [BOS, bos], [EOS, eos]]);
	const largest = [...ids.values(), ...found.values()].reduce((a, b) => Math.max(a, b));
	const longestFirst = [...found.keys()].sort((a, b) => b.length - a.length);
	const specialPattern = new RegExp(`(${longestFirst.map(each => each.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|')})`);

	const encodeWord = (word: string): number[] =>
		mergeSymbols(word, ranks).map(symbol => ids.get(symbol) ?? unknown);

	return {
		// The pattern has a group, so that every second piece is a special token.
		encode: text =>
			text.split(specialPattern).flatMap((piece, i) => (i % 2 === 1 ? (found.get(piece) ?? []) : (normalize(piece).match(wordPattern) ?? []).flatMap(encodeWord))),
		bos,
		eos,
		pad,
		vocabularySize: largest + 1,
	};
}

/**
 * The ids of one prompt as the text encoder takes them, row-major [chunks, 77]. A prompt longer than 75·chunks tokens is
 * cut there.
 */
export function tokenizePrompt(tokenizer: Tokenizer, text: string, {chunks = 1}: {chunks?: number} = {}): Int32Array {
	const {bos, eos, pad} = tokenizer;
	const sequence = new Int32Array(chunks * CHUNK_LENGTH + 2).fill(pad);
	const ids = tokenizer.encode(text).slice(0, chunks * CHUNK_LENGTH);
	sequence.set([bos, ...ids, eos]);
	return splitIntoChunks(sequence, tokenizer);
}

/** The ids of one prompt alone, between start and end: [length], at most 77. */
export function tokenizeUnpadded({encode, bos, eos}: Tokenizer, text: string): Int32Array {
	return Int32Array.of(bos, ...encode(text).slice(0, CHUNK_LENGTH), eos);
}

/** What of a prompt lies beyond so many tokens, from the first word that is not whole; empty for one that fits. */
export function beyond({encode}: Pick<Tokenizer, 'encode'>, text: string, tokens: number): string {
	if (encode(text).length <= tokens) return '';
	const words = text.split(/(?<=\s)/);
	const whole = words.findIndex((_, i) => encode(words.slice(0, i + 1).join('')).length > tokens);
	return words.slice(whole).join('').trim();
}

/**
 * Cuts a sequence of 75·n + 2 ids into n sequences of 77: each has 75 of the inner ids between the first and the last id
 * of the whole. Where padding differs from the end token (SD 2) a chunk that is full of words is closed with the end
 * token, and one that would begin with padding begins with the end token. @returns row-major [n, 77]
 */
export function splitIntoChunks(sequence: Int32Array, {eos, pad}: Pick<Tokenizer, 'eos' | 'pad'>): Int32Array {
	const count = (sequence.length - 2) / CHUNK_LENGTH;
	if (count === 1) return sequence;
	const chunks = new Int32Array(count * SEQUENCE_LENGTH);
	for (let j = 0; j < count; j++) {
		const chunk = chunks.subarray(j * SEQUENCE_LENGTH, (j + 1) * SEQUENCE_LENGTH);
		chunk[0] = sequence[0];
		chunk.set(sequence.subarray(1 + j * CHUNK_LENGTH, 1 + (j + 1) * CHUNK_LENGTH), 1);
		chunk[CHUNK_LENGTH + 1] = sequence[sequence.length - 1];
		if (pad === eos) continue;
		if (chunk[CHUNK_LENGTH] !== eos && chunk[CHUNK_LENGTH] !== pad) chunk[CHUNK_LENGTH + 1] = eos;
		if (chunk[1] === pad) chunk[1] = eos;
	}
	return chunks;
}

/** Contractions, words, single digits, runs of anything else. Unicode's white space: U+0085 is one, U+FEFF is not. */
const wordPattern = /'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\p{White_Space}\p{L}\p{N}]+/gu;

/** Lower case is taken character by character: in a whole text a final Σ would become ς. */
const normalize = (text: string): string => Array.from(text.normalize('NFC'), character => character.toLowerCase()).join('');

/** A word as byte symbols, the last one marked; the pair of lowest rank is merged until none is left. */
function mergeSymbols(word: string, ranks: ReadonlyMap<string, number>): string[] {
	let symbols = Array.from(new TextEncoder().encode(word), byte => byteSymbols[byte]);
	symbols[symbols.length - 1] += '</w>';
	while (symbols.length > 1) {
		let best = Infinity;
		let pair: readonly [string, string] = ['', ''];
		for (let i = 0; i + 1 < symbols.length; i++) {
			const rank = ranks.get(`${symbols[i]} ${symbols[i + 1]}`) ?? Infinity;
			if (rank < best) {
				best = rank;
				pair = [symbols[i], symbols[i + 1]];
			}
		}
		if (best === Infinity) break;
		symbols = mergePair(symbols, pair);
	}
	return symbols;
}

function mergePair(symbols: readonly string[], [first, second]: readonly [string, string]): string[] {
	const merged: string[] = [];
	for (let i = 0; i < symbols.length; i++) {
		if (symbols[i] === first && symbols[i + 1] === second) {
			merged.push(first + second);
			i++;
		} else merged.push(symbols[i]);
	}
	return merged;
}

function required(ids: ReadonlyMap<string, number>, token: string): number {
	const id = ids.get(token);
	if (id !== undefined) return id;
	throw new WeightsError(`The tokenizer's vocabulary has no entry ${token}.`, {action: 'Choose a model with a CLIP tokenizer.'});
}
