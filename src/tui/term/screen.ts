import {EventEmitter} from 'node:events';
import fs from 'node:fs';
import {ImageRows} from './image-rows.ts';
import {rowDifference} from './row-difference.ts';

const ESC = '\u001B';
/** Alternate screen, no cursor, no autowrap (a row that is too long must not move the others), pasted text marked as such, blank. */
const ENTER = `${ESC}[?1049h${ESC}[?25l${ESC}[?7l${ESC}[?2004h${ESC}[2J`;
const LEAVE = `${ESC}[0m${ESC}[?2004l${ESC}[?7h${ESC}[?25h${ESC}[?1049l`;
/** Synchronized update: terminals that know it show the frame at once, the others ignore it. */
const BEGIN = `${ESC}[?2026h`;
const END = `${ESC}[?2026l`;
const CONTROL_ONLY = new RegExp(`^(?:${ESC}\\[[?>0-9;]*[A-Za-z])*$`);

/** Ink ends every text that it cuts with an ellipsis, and ink-form draws boxes; corners become a plus. */
const DRAWN_BY_OTHERS = /[…─│═║╭╮╰╯╔╗╚╝]/g;
const IN_ASCII: Readonly<Record<string, string>> = {'…': '~', '─': '-', '│': '|', '═': '=', '║': '|'};

/** Exit codes of shells for a death by signal: 128 + its number. */
const EXIT_CODES = {SIGHUP: 129, SIGINT: 130, SIGTERM: 143} as const;
type ExitSignal = keyof typeof EXIT_CODES;
const EXIT_SIGNALS = Object.keys(EXIT_CODES) as ExitSignal[];

/** What `Screen` needs of a terminal: `process.stdout`, or a fake in tests. */
export interface ScreenTerminal {
	readonly columns: number;
	readonly rows: number;
	readonly fd?: number;
	write(text: string): unknown;
	on(event: 'resize' | 'error', listener: () => void): unknown;
	off(event: 'resize' | 'error', listener: () => void): unknown;
}

/** What `Screen` needs of the keyboard: `process.stdin`, or a fake in tests. */
export interface ScreenKeyboard {
	readonly isRaw?: boolean;
	setRawMode?(raw: boolean): unknown;
}

/**
 * The stdout of Ink in debug mode: takes whole frames, sends only what changed, and owns the alternate screen from construction to `close`.
 * However the process ends (exit, exception, SIGTERM, SIGHUP, terminal gone), the person's terminal is put back.
 */
export class Screen extends EventEmitter {
	readonly isTTY = true;
	/** The pictures that frames refer to by placeholder rows. */
	readonly images = new ImageRows();
	readonly #terminal: ScreenTerminal;
	readonly #keyboard: ScreenKeyboard;
	readonly #frameGapMs: number;
	readonly #unicode: boolean;
	#shown: readonly string[] = [];
	/** The last frame as Ink gave it. */
	#given = '';
	/** What waits to be shown. */
	#frame: string | undefined;
	#timer: NodeJS.Timeout | undefined;
	#lastFlushMs = 0;
	#open = true;

	/** maxFps: 20 keeps typing instant; what changes by itself is slower anyway. unicode: false when only ASCII arrives. */
	constructor(terminal: ScreenTerminal, {keyboard = {}, maxFps = 20, unicode = true}: {keyboard?: ScreenKeyboard; maxFps?: number; unicode?: boolean} = {}) {
		super();
		this.#terminal = terminal;
		this.#keyboard = keyboard;
		this.#frameGapMs = 1000 / maxFps;
		this.#unicode = unicode;
		this.images.whenChanged(() => this.#schedule(this.#given));
		terminal.on('resize', this.#resized);
		terminal.on('error', this.#lost);
		process.on('exit', this.#restore);
		process.on('uncaughtExceptionMonitor', this.#restore);
		process.on('SIGCONT', this.redraw);
		for (const signal of EXIT_SIGNALS) {
			process.on(signal, this.#ended);
		}

		terminal.write(ENTER);
	}

	get columns(): number {
		return this.#terminal.columns;
	}

	get rows(): number {
		return this.#terminal.rows;
	}

	/** A whole frame, rows parted by line feeds; what does not fit is cropped. Ink's cursor codes are dropped: the cursor is hidden here. */
	write(text: string, ...rest: unknown[]): boolean {
		if (!CONTROL_ONLY.test(text)) {
			this.#given = this.#unicode ? text : text.replaceAll(DRAWN_BY_OTHERS, character => IN_ASCII[character] ?? '+');
			this.#schedule(this.#given);
		}

		const done = rest.at(-1);
		if (typeof done === 'function') {
			done();
		}

		return true;
	}

	#schedule(frame: string): void {
		if (this.#open) {
			this.#frame = frame;
			this.#timer ??= setTimeout(this.flush, Math.max(0, this.#lastFlushMs + this.#frameGapMs - Date.now()));
		}
	}

	/** Everything anew, for when something else wrote on the terminal. */
	redraw = (): void => {
		if (this.#open) {
			this.#frame ??= this.#given;
			this.#shown = [];
			this.images.cleared();
			this.#terminal.write(`${ESC}[0m${ESC}[2J`);
			this.flush();
		}
	};

	/** Ctrl-Z: gives the terminal back, stops the process group until the shell continues it, and draws everything anew. */
	suspend(): void {
		const {isRaw} = this.#keyboard;
		this.#keyboard.setRawMode?.(false);
		this.#send(LEAVE);
		// Returns after `fg`; at once when nobody could continue us (the kernel does not stop an orphaned group).
		process.kill(0, 'SIGTSTP');
		this.#keyboard.setRawMode?.(isRaw ?? false);
		this.#terminal.write(ENTER);
		this.redraw();
	}

	/** Draws the last frame and puts the terminal back. */
	close(): void {
		this.flush();
		this.#restore();
		this.#terminal.off('resize', this.#resized);
		this.#terminal.off('error', this.#lost);
		process.off('exit', this.#restore);
		process.off('uncaughtExceptionMonitor', this.#restore);
		process.off('SIGCONT', this.redraw);
		for (const signal of EXIT_SIGNALS) {
			process.off(signal, this.#ended);
		}
	}

	readonly #resized = (): void => {
		// The rows of the old size are not worth a frame; whoever draws answers `resize` with a new one.
		this.#shown = [];
		this.images.cleared();
		this.#terminal.write(`${ESC}[0m${ESC}[2J`);
		this.emit('resize');
		this.flush();
	};

	/** Draws what waits for the next frame now. */
	readonly flush = (): void => {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		if (this.#frame === undefined || !this.#open) {
			return;
		}

		const {columns, rows, images} = this;
		const next = this.#frame.split('\n').slice(0, rows).map(row => images.expand(row));
		this.#frame = undefined;
		this.#lastFlushMs = Date.now();
		let out = images.takeDeletions();
		for (let row = 0; row < Math.max(next.length, this.#shown.length); row++) {
			out += rowDifference(this.#shown[row], next[row] ?? '', {y: row + 1, columns, images});
		}

		this.#shown = next;
		if (out !== '') {
			this.#terminal.write(BEGIN + out + END);
		}
	};

	readonly #restore = (): void => {
		if (this.#open) {
			this.#open = false;
			clearTimeout(this.#timer);
			this.#send(this.images.deleteAll() + LEAVE);
		}
	};

	/** Written at once, also from an exit handler. */
	#send(codes: string): void {
		try {
			if (this.#terminal.fd === undefined) {
				this.#terminal.write(codes);
			} else {
				fs.writeSync(this.#terminal.fd, codes);
			}
		} catch {
			// EIO or EBADF: the terminal is gone, so there is nothing to put back.
		}
	}

	readonly #ended = (signal: NodeJS.Signals): void => {
		process.exit(EXIT_CODES[signal as ExitSignal]);
	};

	/** A write failed: the terminal was closed without a SIGHUP for us. */
	readonly #lost = (): void => {
		process.exit(EXIT_CODES.SIGHUP);
	};
}

/** Takes over the terminal. */
export function openScreen({stdin, stdout, unicode}: {stdin: NodeJS.ReadStream; stdout: NodeJS.WriteStream; unicode: boolean}): Screen {
	return new Screen(stdout, {keyboard: stdin, unicode});
}
