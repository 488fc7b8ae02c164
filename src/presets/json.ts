/** A strict JSON reader that says in words what is wrong and where: JSON.parse names a position only for some mistakes, and never a key given twice. */

export interface Position {
	/** Counted from 1. */
	readonly line: number;
	readonly column: number;
}

export class JsonError extends Error {
	override readonly name = 'JsonError';

	constructor(
		message: string,
		readonly cure: string,
		readonly position: Position,
	) {
		super(message);
	}
}

export interface JsonDocument {
	readonly value: unknown;
	/** Where each key stands, by path: `concepts.0.classPrompt`. */
	readonly positions: ReadonlyMap<string, Position>;
}

const positionAt = (text: string, offset: number): Position => {
	const before = text.slice(0, offset);
	return {line: before.split('\n').length, column: offset - before.lastIndexOf('\n')};
};

const literals: ReadonlyMap<string, unknown> = new Map<string, unknown>([
	['true', true],
	['false', false],
	['null', null],
]);

/** A text up to its closing quote: no control characters, backslashes only before what they may escape. */
const openText = /"(?:[^"\\\p{Cc}]|[\u007F-\u009F]|\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4}))*/u.source;

/** Of brackets within each other: far more than anything here has, and no danger to the stack. */
const DEEPEST = 100;

class JsonReader {
	readonly positions = new Map<string, Position>();
	private offset = 0;
	private depth = 0;

	constructor(private readonly text: string) {}

	document(): JsonDocument {
		const value = this.value('');
		this.space();
		if (this.offset < this.text.length) {
			throw this.error('There is text after the end of the JSON value.', 'Remove it, or put the values into one object.');
		}

		return {value, positions: this.positions};
	}

	private value(path: string): unknown {
		this.space();
		if (this.depth > DEEPEST) {
			throw this.error(`Values lie within more than ${DEEPEST} others here.`, 'Take some of the brackets away.');
		}

		const character = this.text[this.offset];
		switch (character) {
			case '{': {
				return this.object(path);
			}

			case '[': {
				return this.array(path);
			}

			case '"': {
				return this.string();
			}

			case '\'': {
				throw this.error('A text begins with a single quote.', 'JSON wants double quotes: "text".');
			}

			case undefined: {
				throw this.error('The file ends too early.', 'Close what is open: a quote, a ] or a }.');
			}

			default: {
				return this.word();
			}
		}
	}

	private object(path: string): Record<string, unknown> {
		const entries = new Map<string, unknown>();
		this.offset++;
		this.items('}', () => {
			const position = positionAt(this.text, this.offset);
			if (this.text[this.offset] !== '"') {
				throw this.error('A key in double quotes was expected here.', 'Write keys as "learningRate": 0.000002.');
			}

			const start = this.offset;
			const key = this.string();
			if (entries.has(key)) {
				this.offset = start;
				throw this.error(`The key ${key} is given twice.`, 'Keep one of the two.');
			}

			this.space();
			if (this.text[this.offset] !== ':') {
				throw this.error(`A colon was expected after the key ${key}.`, 'Write "key": value.');
			}

			this.offset++;
			const keyPath = path === '' ? key : `${path}.${key}`;
			this.positions.set(keyPath, position);
			entries.set(key, this.value(keyPath));
		});
		return Object.fromEntries(entries);
	}

	private array(path: string): unknown[] {
		const values: unknown[] = [];
		this.offset++;
		this.items(']', () => {
			const itemPath = path === '' ? String(values.length) : `${path}.${values.length}`;
			this.positions.set(itemPath, positionAt(this.text, this.offset));
			values.push(this.value(itemPath));
		});
		return values;
	}

	/** Reads items separated by commas up to the closing bracket. */
	private items(close: string, item: () => void): void {
		this.depth++;
		this.space();
		if (this.text[this.offset] === close) {
			this.offset++;
			this.depth--;
			return;
		}

		for (;;) {
			this.space();
			if (this.text[this.offset] === close) {
				throw this.error(`There is a comma before the closing ${close}.`, 'Remove the comma after the last item.');
			}

			item();
			this.space();
			const separator = this.text[this.offset];
			if (separator !== ',' && separator !== close) {
				throw separator === undefined ?
						this.error('The file ends too early.', `Close it with ${close}.`)
					:	this.error(`A comma or a closing ${close} was expected here.`, 'Put a comma between two items.');
			}

			this.offset++;
			if (separator === close) {
				this.depth--;
				return;
			}
		}
	}

	private string(): string {
		const pattern = new RegExp(`${openText}"`, 'uy');
		pattern.lastIndex = this.offset;
		const match = pattern.exec(this.text);
		if (!match) {
			throw this.stringError();
		}

		this.offset = pattern.lastIndex;
		return JSON.parse(match[0]) as string;
	}

	private stringError(): JsonError {
		const valid = new RegExp(openText, 'uy');
		valid.lastIndex = this.offset;
		valid.exec(this.text);
		this.offset = valid.lastIndex;
		return this.text[this.offset] === '\\' ?
				this.error('A backslash stands before a letter that needs none.', 'In JSON a backslash is written twice, also in Windows paths: "C:\\\\photos". A forward slash works as well.')
			:	this.error('A text in double quotes does not end on its line.', 'Close it with a double quote; write a line break inside as \\n.');
	}

	private word(): unknown {
		const pattern = /[^\s,:[\]{}"]+/y;
		pattern.lastIndex = this.offset;
		const word = pattern.exec(this.text)?.[0] ?? this.text[this.offset];
		if (literals.has(word)) {
			this.offset += word.length;
			return literals.get(word);
		}

		if (/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[Ee][+-]?\d+)?$/.test(word)) {
			this.offset += word.length;
			return Number(word);
		}

		throw word.startsWith('//') || word.startsWith('/*') || word.startsWith('#') ?
				this.error('JSON has no comments.', 'Remove the comment.')
			:	this.error(`${word} is no JSON value.`, 'Texts stand in double quotes; numbers look like 0.000002 or 2e-6; the words are true, false and null.');
	}

	private space(): void {
		const pattern = /[\t\n\r ]*/y;
		pattern.lastIndex = this.offset;
		pattern.exec(this.text);
		this.offset = pattern.lastIndex;
	}

	private error(message: string, cure: string): JsonError {
		return new JsonError(message, cure, positionAt(this.text, this.offset));
	}
}

/** Reads a JSON text; throws JsonError with line and column. A byte-order mark at the start is skipped. */
export const parseJson = (text: string): JsonDocument => new JsonReader(text.startsWith('\uFEFF') ? text.slice(1) : text).document();
