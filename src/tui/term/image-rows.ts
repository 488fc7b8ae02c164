/** Private-use characters: no font or program gives them a meaning, and Ink counts each as one column. */
const FIRST = 0xE0_00;
const LAST = 0xF8_FF;

export const PLACEHOLDER_RUN = /([\uE000-\uF8FF])\1*/y;
const PLACEHOLDER_AND_BLANKS = /([\uE000-\uF8FF]) */g;

interface Row {
	readonly ansi: string;
	readonly width: number;
}

/** A picture that the terminal draws itself: sent before its first row is, and deleted when it is no longer needed. */
interface Sent {
	readonly transmission: string;
	readonly deletion: string;
	isSent: boolean;
}

/**
 * Rows kept out of Ink's text path, which takes every character of every frame apart again (measured: 120 ms for a 64x32 picture) and
 * keeps every text that it ever measured. Ink lays out private-use characters; `Screen` swaps them for the prepared rows.
 *
 * A prepared row is laid out as one character with as many blanks behind it as the row is wide. What a live row shows changes while its
 * character stays, and it is drawn cell by cell like text; a picture's rows never change and are drawn as a whole.
 */
export class ImageRows {
	readonly #pictures = new Map<string, Row>();
	readonly #live = new Map<string, Row>();
	/** By the character of any of its rows. */
	readonly #sent = new Map<string, Sent>();
	#deletions = '';
	#kitty = false;
	#onKitty: () => void = () => {};
	#next = FIRST;
	#onChange: () => void = () => {};

	/** ansiRows: one picture, each row `width` columns wide -> a character for each. Every picture gets new characters, so line differences show it. */
	add(ansiRows: readonly string[], width: number, drawn?: {readonly transmission: string; readonly deletion: string}): readonly string[] {
		const sent = drawn && {...drawn, isSent: false};
		return ansiRows.map(ansi => {
			const character = this.#freeCharacter();
			this.#pictures.set(character, {ansi, width});
			if (sent) {
				this.#sent.set(character, sent);
			}

			return character;
		});
	}

	/** Frees the characters of rows that `add` gave. */
	remove(rows: readonly string[]): void {
		for (const row of rows) {
			this.#pictures.delete(row);
			const sent = this.#sent.get(row);
			this.#sent.delete(row);
			if (sent?.isSent) {
				this.#deletions += sent.deletion;
				sent.isSent = false;
			}
		}
	}

	/** Whether the terminal draws kitty's placeholders. */
	get kitty(): boolean {
		return this.#kitty;
	}

	/** The terminal has answered that it draws kitty's placeholders. */
	useKitty(): void {
		this.#kitty = true;
		this.#onKitty();
	}

	/** Calls back when the terminal has answered. */
	whenKitty(listener: () => void): void {
		this.#onKitty = listener;
	}

	/** What makes the terminal forget pictures that are no longer needed. */
	takeDeletions(): string {
		const deletions = this.#deletions;
		this.#deletions = '';
		return deletions;
	}

	/** The terminal was cleared, and what it drew itself with it. */
	cleared(): void {
		for (const sent of this.#sent.values()) {
			sent.isSent = false;
		}
	}

	/** What makes the terminal forget all pictures that it has. */
	deleteAll(): string {
		const shown = new Set([...this.#sent.values()].filter(({isSent}) => isSent));
		return this.takeDeletions() + [...shown].map(({deletion}) => deletion).join('');
	}

	/** A run of a picture's character, as `expand` gives it -> the prepared row; blanks when the run was cropped or is no longer known. */
	expandRun(run: string): string {
		const character = run.charAt(0);
		const row = this.#pictures.get(character);
		if (row?.width !== run.length) {
			return ' '.repeat(run.length);
		}

		const sent = this.#sent.get(character);
		if (sent && !sent.isSent) {
			sent.isSent = true;
			return sent.transmission + row.ansi;
		}

		return row.ansi;
	}

	/** The character of a new live row, to be laid out with as many blank columns behind it as the row is wide. */
	reserve(): string {
		const character = this.#freeCharacter();
		this.#live.set(character, {ansi: '', width: 1});
		return character;
	}

	/** What a live row shows from now on: text and SGR codes, `width` columns of it. */
	show(character: string, ansi: string, width: number): void {
		const known = this.#live.get(character);
		if (known && (known.ansi !== ansi || known.width !== width)) {
			this.#live.set(character, {ansi, width});
			this.#onChange();
		}
	}

	release(character: string): void {
		this.#live.delete(character);
	}

	/** Calls back whenever a live row changes. */
	whenChanged(listener: () => void): void {
		this.#onChange = listener;
	}

	/** A row of a frame with its live rows in their places, and pictures as runs of their characters. Where there is less room than laid out, a picture is left out. */
	expand(row: string): string {
		return row.replace(PLACEHOLDER_AND_BLANKS, (run, character: string, at: number) => {
			const live = this.#live.get(character);
			if (live) {
				return live.ansi + ' '.repeat(Math.max(0, run.length - live.width));
			}

			// Blanks at the end of a row are not sent by Ink.
			const width = this.#pictures.get(character)?.width ?? 0;
			return run.length >= width || at + run.length === row.length ? character.repeat(width) + ' '.repeat(Math.max(0, run.length - width)) : ' '.repeat(run.length);
		});
	}

	#freeCharacter(): string {
		for (let tried = FIRST; tried <= LAST; tried++) {
			const character = String.fromCharCode(this.#next);
			this.#next = this.#next === LAST ? FIRST : this.#next + 1;
			if (!this.#pictures.has(character) && !this.#live.has(character)) {
				return character;
			}
		}

		throw new Error(`More than ${LAST - FIRST + 1} prepared rows are kept at once: remove those that are not shown.`);
	}
}
