import {EventEmitter} from 'node:events';
import {unstable_cancelCallback as cancelCallback, unstable_IdlePriority as whenIdle, unstable_scheduleCallback as scheduleCallback, type CallbackNode} from 'scheduler';
import type {TerminalAnswers} from './terminal-answers.ts';

const ESC = '\u001B';
const PASTE_BEGINS = `${ESC}[200~`;
const PASTE_ENDS = `${ESC}[201~`;
/** An escape sequence, a control character, Escape itself, or text up to the next of them. A line end inside a text belongs to it: see `keysOf`. */
const KEY = new RegExp(`${ESC}+(?:\\[\\[?[0-9;?]*[\\x20-\\x2F]*[\\x40-\\x7E]|O[A-Za-z]|[^${ESC}])?|[\\x00-\\x1A\\x1C-\\x1F\\x7F]|[^\\x00-\\x1F\\x7F]+`, 'g');
/** Terminals that know no bracketed paste still send a text of several lines in one piece. */
const LINES = new RegExp(`^[^${ESC}]*[^\\x00-\\x1F][\\r\\n]+[^\\x00-\\x1F][^${ESC}]*$`);

/**
 * The keyboard as Ink reads it, one key at a time. A slow link delivers many keys at once, and Ink would show all of them to the screen
 * of before the first: Down, Enter would open the wrong field. A pasted text stays whole.
 */
export class PacedKeyboard extends EventEmitter {
	readonly #stdin: NodeJS.ReadStream;
	readonly #waiting: string[] = [];
	#paste: string | undefined;
	#next: string | null = null;
	#cancelDelivery: (() => void) | undefined;
	readonly #answers: TerminalAnswers | undefined;
	#hasAsked = false;

	/** `answers`: asks the terminal as soon as its answers are not echoed. */
	constructor(stdin: NodeJS.ReadStream, answers?: TerminalAnswers) {
		super();
		this.#stdin = stdin;
		this.#answers = answers;
		this.on('newListener', name => {
			if (name === 'readable' && this.listenerCount('readable') === 0) {
				stdin.on('readable', this.#readable);
			}
		});
		this.on('removeListener', name => {
			if (name === 'readable' && this.listenerCount('readable') === 0) {
				stdin.off('readable', this.#readable);
				this.#cancel();
			}
		});
	}

	get isTTY(): boolean {
		return this.#stdin.isTTY;
	}

	setRawMode(raw: boolean): this {
		this.#stdin.setRawMode(raw);
		if (raw && !this.#hasAsked) {
			this.#hasAsked = true;
			this.#answers?.ask();
		}

		return this;
	}

	setEncoding(encoding: BufferEncoding): this {
		this.#stdin.setEncoding(encoding);
		return this;
	}

	ref(): this {
		this.#stdin.ref();
		return this;
	}

	unref(): this {
		this.#stdin.unref();
		return this;
	}

	read(): string | null {
		const key = this.#next;
		this.#next = null;
		return key;
	}

	readonly #readable = (): void => {
		for (let chunk = this.#stdin.read() as unknown; chunk !== null; chunk = this.#stdin.read()) {
			this.#take(this.#answers?.take(String(chunk)) ?? String(chunk));
		}

		this.#schedule();
	};

	#take(chunk: string): void {
		if (this.#paste === undefined) {
			const begin = chunk.indexOf(PASTE_BEGINS);
			this.#waiting.push(...keysOf(begin === -1 ? chunk : chunk.slice(0, begin)));
			if (begin !== -1) {
				this.#paste = '';
				this.#take(chunk.slice(begin + PASTE_BEGINS.length));
			}

			return;
		}

		this.#paste += chunk;
		const end = this.#paste.indexOf(PASTE_ENDS);
		if (end !== -1) {
			const [pasted, rest] = [this.#paste.slice(0, end), this.#paste.slice(end + PASTE_ENDS.length)];
			this.#paste = undefined;
			this.#waiting.push(...(pasted === '' ? [] : [pasted.replaceAll(ESC, '')]));
			this.#take(rest);
		}
	}

	#schedule(): void {
		this.#cancelDelivery ??= whenReactIsIdle(this.#deliver);
	}

	#cancel(): void {
		this.#cancelDelivery?.();
		this.#cancelDelivery = undefined;
	}

	readonly #deliver = (): void => {
		this.#next = this.#waiting.shift() ?? null;
		this.#cancelDelivery = undefined;
		if (this.#next !== null) {
			this.emit('readable');
		}

		if (this.#waiting.length > 0) {
			this.#schedule();
		}
	};
}

/** A key is drawn, its effects ask for another drawing, and the effects of that one for a third. */
const IDLE_ROUNDS = 4;

/**
 * Calls back when React has done all that it has to do, also what comes out of that. It works in tasks of its scheduler, which are
 * made in microtasks: a task of the lowest priority is the last, and once the microtasks have run there may be others before the next.
 */
function whenReactIsIdle(callback: () => void): () => void {
	let task: CallbackNode | undefined;
	let pause: NodeJS.Immediate | undefined;
	const wait = (rounds: number): void => {
		task = scheduleCallback(whenIdle, () => {
			if (rounds === 0) {
				callback();
			} else {
				pause = setImmediate(() => wait(rounds - 1));
			}
		});
	};

	wait(IDLE_ROUNDS);
	return () => {
		clearImmediate(pause);
		if (task) {
			cancelCallback(task);
		}
	};
}

/** The keys of a chunk of input, one by one; text stays together, with its line ends when there is text on both sides of one. */
export const keysOf = (chunk: string): readonly string[] => (LINES.test(chunk) ? [chunk] : chunk.match(KEY) ?? []);
