import {PLACEHOLDER_RUN, type ImageRows} from './image-rows.ts';

const ESC = '\u001B';

/** What is at one place of a row: a character, or a run of placeholders, with the SGR codes in force. */
interface Cell {
	readonly text: string;
	readonly width: number;
	readonly style: string;
}

/**
 * The bytes that turn row `before` into row `after` on a screen of `columns`, cursor wherever: only from the first to the last cell that differs.
 * `y` counts from 1. Undefined `before`: the row on the screen is blank.
 */
export function rowDifference(before: string | undefined, after: string, {y, columns, images}: {y: number; columns: number; images: ImageRows}): string {
	if (before === after) {
		return '';
	}

	const old = cellsOf(before ?? '', columns);
	const cells = cellsOf(after, columns);
	if (!old || !cells) {
		// Erase first: on a full row with autowrap off, erasing afterwards eats the last column.
		return `${ESC}[${y};1H${ESC}[0m${ESC}[K${after.replace(new RegExp(PLACEHOLDER_RUN, 'g'), run => images.expandRun(run))}${ESC}[0m`;
	}

	const oldWidth = widthOf(old);
	const width = widthOf(cells);
	let start = 0;
	while (start < cells.length && start < old.length && same(cells[start], old[start])) {
		start++;
	}

	let end = cells.length;
	if (width === oldWidth) {
		for (let oldEnd = old.length; end > start && oldEnd > start && same(cells[end - 1], old[oldEnd - 1]); oldEnd--) {
			end--;
		}
	}

	const column = widthOf(cells.slice(0, start)) + 1;
	const erase = width < oldWidth ? `${ESC}[0m${ESC}[K` : '';
	return start === end && !erase ? '' : `${ESC}[${y};${column}H${paint(cells.slice(start, end), images)}${erase}`;
}

function paint(cells: readonly Cell[], images: ImageRows): string {
	let out = '';
	let style = '';
	for (const cell of cells) {
		if (cell.width > 1) {
			out += `${style ? `${ESC}[0m` : ''}${images.expandRun(cell.text)}${ESC}[0m`;
			style = '';
			continue;
		}

		if (cell.style !== style) {
			out += cell.style ? `${ESC}[0;${cell.style}m` : `${ESC}[0m`;
			style = cell.style;
		}

		out += cell.text;
	}

	return style ? `${out}${ESC}[0m` : out;
}

function same(one: Cell | undefined, other: Cell | undefined): boolean {
	return one?.text === other?.text && one?.style === other?.style;
}

function widthOf(cells: readonly Cell[]): number {
	return cells.reduce((sum, {width}) => sum + width, 0);
}

const SGR = new RegExp(`${ESC}\\[([\\d;]*)m`, 'y');
/** Latin, Greek, Cyrillic, punctuation, arrows, mathematics, box drawing, blocks, geometric shapes, dingbats that are text, braille: one column each, alone. */
const ONE_COLUMN = /[\u0020-\u007E\u00A0-\u00AC\u00AE-\u02FF\u0370-\u03FF\u0400-\u0482\u048A-\u052F\u2010-\u2027\u2030-\u205E\u2190-\u2199\u2200-\u22FF\u2500-\u259F\u25A0-\u25FC\u2713-\u2718\u276E\u276F\u2800-\u28FF]/y;

/** The first `columns` columns of a row, cell by cell; undefined when it holds anything whose width or effect is not certain. */
function cellsOf(row: string, columns: number): Cell[] | undefined {
	const cells: Cell[] = [];
	const style = new Style();
	let room = columns;
	let at = 0;
	const take = (pattern: RegExp): RegExpExecArray | null => {
		pattern.lastIndex = at;
		const found = pattern.exec(row);
		at += found?.[0].length ?? 0;
		return found;
	};

	while (at < row.length) {
		const sgr = take(SGR);
		if (sgr) {
			style.apply(sgr[1] ?? '');
			continue;
		}

		const text = (take(ONE_COLUMN) ?? take(PLACEHOLDER_RUN))?.[0];
		if (text === undefined) {
			return undefined;
		}

		room -= text.length;
		if (room >= 0) {
			cells.push({text, width: text.length, style: style.codes});
		}
	}

	return cells;
}

/** Which SGR codes are in force, as ECMA-48 says: an attribute lasts until its own end code, a colour until the next. */
class Style {
	codes = '';
	readonly #active = new Map<string, string>();

	apply(codes: string): void {
		const list = codes.split(';');
		for (let index = 0; index < list.length; index++) {
			const code = Number(list[index] ?? '');
			if (code === 38 || code === 48) {
				const length = list[index + 1] === '5' ? 3 : 5;
				this.#active.set(code === 38 ? 'foreground' : 'background', list.slice(index, index + length).join(';'));
				index += length - 1;
			} else {
				this.#applyOne(code);
			}
		}

		this.codes = [...this.#active.values()].join(';');
	}

	#applyOne(code: number): void {
		if (code === 0) {
			this.#active.clear();
		} else if (code === 22) {
			this.#active.delete('1');
			this.#active.delete('2');
		} else if (code >= 23 && code <= 29) {
			this.#active.delete(String(code - 20));
		} else if (code === 39 || code === 49) {
			this.#active.delete(code === 39 ? 'foreground' : 'background');
		} else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) {
			this.#active.set('foreground', String(code));
		} else if ((code >= 40 && code <= 47) || (code >= 100 && code <= 107)) {
			this.#active.set('background', String(code));
		} else {
			this.#active.set(String(code), String(code));
		}
	}
}
