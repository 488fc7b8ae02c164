import {EventEmitter} from 'node:events';
import xterm from '@xterm/headless';

/** A terminal that shows what a person would see: a headless xterm behind the face of `process.stdout`. */
export class FakeTerminal extends EventEmitter {
	columns: number;
	rows: number;
	bytes = 0;
	writes: string[] = [];
	readonly isTTY = true;
	readonly #xterm: InstanceType<typeof xterm.Terminal>;

	constructor(columns: number, rows: number) {
		super();
		this.columns = columns;
		this.rows = rows;
		this.#xterm = new xterm.Terminal({cols: columns, rows, allowProposedApi: true, scrollback: 100});
	}

	write(text: string): boolean {
		this.bytes += Buffer.byteLength(text);
		this.writes.push(text);
		this.#xterm.write(text);
		return true;
	}

	resize(columns: number, rows: number): void {
		this.columns = columns;
		this.rows = rows;
		this.#xterm.resize(columns, rows);
		this.emit('resize');
	}

	/** The rows on the screen, without trailing blanks. */
	async screen(): Promise<string[]> {
		await this.#settled();
		const {active} = this.#xterm.buffer;
		return Array.from({length: this.rows}, (_, row) => active.getLine(active.baseY + row)?.translateToString(true) ?? '');
	}

	/** Foreground and background of the cell at (column, row), counted from 0: [mode, colour] pairs, mode 0 for the default. */
	async cell(column: number, row: number): Promise<{text: string; foreground: number; background: number; dim: boolean; bold: boolean}> {
		await this.#settled();
		const {active} = this.#xterm.buffer;
		const cell = active.getLine(active.baseY + row)?.getCell(column);
		return {
			text: cell?.getChars() ?? '',
			foreground: cell?.isFgDefault() ? -1 : cell?.getFgColor() ?? -1,
			background: cell?.isBgDefault() ? -1 : cell?.getBgColor() ?? -1,
			dim: Boolean(cell?.isDim()),
			bold: Boolean(cell?.isBold()),
		};
	}

	/** Whether the alternate screen is shown, and how many rows have scrolled away on it. */
	async state(): Promise<{alternate: boolean; scrolled: number}> {
		await this.#settled();
		return {alternate: this.#xterm.buffer.active.type === 'alternate', scrolled: this.#xterm.buffer.active.baseY};
	}

	async #settled(): Promise<void> {
		await new Promise<void>(resolve => {
			this.#xterm.write('', resolve);
		});
	}
}
