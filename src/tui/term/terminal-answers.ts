const ESC = '\u001B';
/** Whether it draws kitty's graphics, what it is called (XTVERSION), and, because every terminal answers that, what it is (DA1). */
const QUESTIONS = `${ESC}_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA${ESC}\\${ESC}[>q${ESC}[c`;
const ANSWERS = new RegExp(`${ESC}_G([^${ESC}]*)${ESC}\\\\|${ESC}P>\\|([^${ESC}]*)${ESC}\\\\|${ESC}\\[\\?([\\d;]*)c`, 'g');
/** The beginning of an answer whose rest is still on its way. */
const UNFINISHED = new RegExp(`${ESC}(?:_G?[^${ESC}]*${ESC}?|P>?[^${ESC}]*${ESC}?|\\[\\?[\\d;]*)?$`);
/** The terminals that draw Unicode placeholders. Konsole and WezTerm say that they draw graphics too, and print placeholders as text. */
const DRAW_PLACEHOLDERS = /kitty|ghostty/i;
/** A link slower than that does without. */
const PATIENCE_MS = 3000;

/** Asks the terminal what it can, and takes the answers out of what is typed. */
export class TerminalAnswers {
	readonly #write: (text: string) => void;
	readonly #answered: (can: {readonly kittyPlaceholders: boolean}) => void;
	#waiting = false;
	#deadlineMs = 0;
	#rest = '';
	#drawsGraphics = false;
	#name = '';

	/** `answered` is called once, if the terminal answers at all. */
	constructor(write: (text: string) => void, answered: (can: {readonly kittyPlaceholders: boolean}) => void) {
		this.#write = write;
		this.#answered = answered;
	}

	/** To be called when the keyboard is in raw mode: answers are not echoed then. */
	ask(): void {
		this.#waiting = true;
		this.#deadlineMs = performance.now() + PATIENCE_MS;
		this.#write(QUESTIONS);
	}

	/** A chunk of input -> what of it was typed. */
	take(chunk: string): string {
		if (!this.#waiting) {
			return chunk;
		}

		if (performance.now() > this.#deadlineMs) {
			this.#waiting = false;
			return this.#flush(chunk);
		}

		const text = this.#flush(chunk).replace(ANSWERS, (_, graphics?: string, name?: string, attributes?: string) => {
			this.#drawsGraphics ||= graphics?.endsWith(';OK') ?? false;
			this.#name = name ?? this.#name;
			// The last of the questions.
			if (attributes !== undefined) {
				this.#waiting = false;
				this.#answered({kittyPlaceholders: this.#drawsGraphics && DRAW_PLACEHOLDERS.test(this.#name)});
			}

			return '';
		});
		// Escape alone is a key: what has begun is more than that.
		const unfinished = this.#waiting ? UNFINISHED.exec(text)?.[0] ?? '' : '';
		this.#rest = unfinished === ESC ? '' : unfinished;
		return text.slice(0, text.length - this.#rest.length);
	}

	#flush(chunk: string): string {
		const whole = this.#rest + chunk;
		this.#rest = '';
		return whole;
	}
}
