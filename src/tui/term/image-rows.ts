/** Private-use characters: no font or program gives them a meaning, and Ink counts each as one column. */
const FIRST = 0xE0_00;
const LAST = 0xF8_FF;

export const PLACEHOLDER_RUN = /([\uE000-\uF8FF])\1*/y;

/**
 * Pictures kept out of Ink's text path, which would tokenise their thousands of escape codes anew on every frame (measured: 120 ms for a
 * 64x32 picture). Ink lays out rows of one repeated private-use character; `Screen` swaps each run for the prepared row.
 */
export class ImageRows {
	readonly #rows = new Map<string, {ansi: string; width: number}>();
	#next = FIRST;

	/** ansiRows: one picture, each row `width` columns wide -> the rows to print instead, `width` characters each. Every picture gets new characters, so line differences show it. */
	add(ansiRows: readonly string[], width: number): readonly string[] {
		return ansiRows.map(ansi => {
			const character = this.#freeCharacter();
			this.#rows.set(character, {ansi, width});
			return character.repeat(width);
		});
	}

	/** Frees the characters of rows that `add` gave. */
	remove(rows: readonly string[]): void {
		for (const row of rows) {
			this.#rows.delete(row.charAt(0));
		}
	}

	/** A run as laid out -> the prepared row; blanks when the run was cropped or is no longer known. */
	expandRun(run: string): string {
		const row = this.#rows.get(run.charAt(0));
		return row?.width === run.length ? row.ansi : ' '.repeat(run.length);
	}

	#freeCharacter(): string {
		for (let tried = FIRST; tried <= LAST; tried++) {
			const character = String.fromCharCode(this.#next);
			this.#next = this.#next === LAST ? FIRST : this.#next + 1;
			if (!this.#rows.has(character)) {
				return character;
			}
		}

		throw new Error(`More than ${LAST - FIRST + 1} rows of pictures are kept at once: remove those that are not shown.`);
	}
}
