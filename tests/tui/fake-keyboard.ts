import {EventEmitter} from 'node:events';

/** The keyboard of a terminal as Ink reads it: `process.stdin` in raw mode. */
export class FakeKeyboard extends EventEmitter {
	readonly isTTY = true;
	isRaw = false;
	#typed: string[] = [];

	setRawMode(raw: boolean): this {
		this.isRaw = raw;
		return this;
	}

	/** One chunk of input, as it arrives over a link. */
	type(keys: string): void {
		this.#typed.push(keys);
		this.emit('readable');
	}

	read(): string | null {
		return this.#typed.shift() ?? null;
	}

	setEncoding(): void {}
	ref(): void {}
	unref(): void {}
}

export const KEYS = {left: '\u001B[D', right: '\u001B[C', up: '\u001B[A', down: '\u001B[B', enter: '\r', escape: '\u001B', tab: '\t', backspace: '\u007F', ctrlC: '\u0003', ctrlL: '\u000C'} as const;
