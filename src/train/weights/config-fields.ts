import {WeightsError} from './errors.ts';
import {shorten} from './shorten.ts';

type Json = Readonly<Record<string, unknown>>;

interface Range {
	readonly least?: number;
	readonly most?: number;
}

/** Far beyond any network, and few enough for what is counted along them. */
const LARGEST = 2 ** 24;
const MOST_LEVELS = 12;
/** Of layers, each of which has tensors of its own. */
export const MOST_LAYERS = 100;

/** Says nothing about a network: `null`, `false`, `[]` and `{}` are how a saved config writes "not used". */
const isNeutral = (value: unknown): boolean =>
	value === null || value === false || (typeof value === 'object' && Object.keys(value).length === 0);

/**
 * Reads the fields of one saved config. An absent field takes the default that the reference implementation's
 * constructor gives it. Every field must be asked for: what is left at the end is unknown and refused by name, because
 * a value that we ignore would silently build another network than the one that was trained.
 */
export class ConfigFields {
	readonly #json: Json;
	readonly #file: string;
	readonly #unread: Set<string>;
	readonly #problems: string[] = [];

	/** @param file names the config in messages. */
	constructor(json: unknown, file: string) {
		if (typeof json !== 'object' || json === null || Array.isArray(json)) {
			throw new WeightsError(`${file} is not a JSON object.`, {action: 'Replace it by the config.json of the original model.'});
		}
		this.#json = json as Json;
		this.#file = file;
		this.#unread = new Set(Object.keys(json).filter(name => !name.startsWith('_')));
	}

	/** Fields that do not change what the network computes. */
	ignore(names: readonly string[]): void {
		for (const name of names) this.#unread.delete(name);
	}

	/** A field that has to have one of `values`; the first is its default. */
	oneOf<T extends string | number | boolean>(name: string, values: readonly [T, ...T[]]): T {
		return this.optional(name, values) ?? values[0];
	}

	/** Like `oneOf` without a default: undefined when the field is absent. */
	optional<T extends string | number | boolean>(name: string, values: readonly T[]): T | undefined {
		const value = this.#take(name);
		if (value === undefined) return undefined;
		const known = values.find(each => each === value);
		if (known === undefined) this.refuse(name, value, values.map(each => JSON.stringify(each)).join(' or '));
		return known;
	}

	/** Fields that may be there, but only with one of the values that mean the network built here. */
	fixed(table: Readonly<Record<string, readonly unknown[]>>): void {
		for (const [name, values] of Object.entries(table)) {
			const value = this.#take(name);
			if (value !== undefined && !values.includes(value)) {
				this.refuse(name, value, values.map(each => JSON.stringify(each)).join(' or '));
			}
		}
	}

	flag(name: string, preset: boolean): boolean {
		const value = this.#take(name) ?? preset;
		if (typeof value === 'boolean') return value;
		this.refuse(name, value, 'true or false');
		return preset;
	}

	/** A number above 0, or from 0 with `least: 0`. */
	number(name: string, preset: number, {least}: {least?: 0} = {}): number {
		const value = this.#take(name);
		if (value === undefined) return preset;
		if (typeof value === 'number' && Number.isFinite(value) && (least === 0 ? value >= 0 : value > 0)) return value;
		this.refuse(name, value, least === 0 ? 'a number of 0 or more' : 'a number above 0');
		return preset;
	}

	integer(name: string, preset: number, {least = 1, most = LARGEST}: Range = {}): number {
		const value = this.#take(name);
		if (value === undefined) return preset;
		if (isInteger(value, {least, most})) return value;
		this.refuse(name, value, `a whole number from ${least} to ${most}`);
		return preset;
	}

	/** A whole number that may be written once or once per level, with the same value each time. */
	sameInteger(name: string, preset: number, levels: number, range: Range = {}): number {
		const values = this.integers(name, preset, levels, range);
		if (values.some(value => value !== values[0])) this.refuse(name, values, 'the same value on every level');
		return values[0];
	}

	/** Whole numbers, one per level; a single one counts for all levels. */
	integers(name: string, preset: number | readonly number[], levels?: number, {least = 1, most = LARGEST}: Range = {}): readonly number[] {
		const value = this.#take(name) ?? preset;
		if (levels !== undefined && isInteger(value, {least, most})) return Array.from({length: levels}, () => value);
		if (Array.isArray(value) && value.length > 0 && value.length <= MOST_LEVELS && value.every(each => isInteger(each, {least, most})) && (levels ?? value.length) === value.length) {
			return value;
		}
		const range = `from ${least} to ${most}`;
		this.refuse(name, value, levels === undefined ? `a list of at most ${MOST_LEVELS} whole numbers ${range}` : `a whole number ${range}, or a list of ${levels}, one per level`);
		return typeof preset === 'number' ? Array.from({length: levels ?? 1}, () => preset) : preset;
	}

	/** One word per level, each one of `words`. */
	words<T extends string>(name: string, preset: readonly T[], words: readonly T[], levels: number): readonly T[] {
		const value = this.#take(name) ?? preset;
		if (Array.isArray(value) && value.length === levels && value.every(each => words.includes(each))) return value;
		this.refuse(name, value, `a list of ${levels} (one per level of block_out_channels), each ${words.join(' or ')}`);
		return preset;
	}

	refuse(name: string, found: unknown, supported: string): void {
		this.#problems.push(`${name} is ${shorten(found)}; supported: ${supported}`);
	}

	/** @throws WeightsError naming every field with a value that is not supported or that nobody asked for. */
	finish(): void {
		for (const name of this.#unread) {
			if (!isNeutral(this.#json[name])) this.#problems.push(`${name} is ${shorten(this.#json[name])}; this field is unknown here`);
		}
		if (this.#problems.length === 0) return;
		throw new WeightsError(`${this.#file} describes a network that is not supported:\n  ${this.#problems.join('\n  ')}`, {
			action:
				'Choose a Stable Diffusion 1.x or 2.x base model (no inpainting, no SDXL). If you know that an unknown field does not change the network, delete it from the file.',
		});
	}

	#take(name: string): unknown {
		this.#unread.delete(name);
		return this.#json[name];
	}
}

const isInteger = (value: unknown, {least, most}: Required<Range>): value is number => Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
