/** How many colours a terminal is trusted with. 2^24 only when it says so itself: over SSH most say nothing, and 256 is right on nearly all. */
export type ColorCount = 0 | 16 | 256 | 16_777_216;

/** How a picture can be drawn: two pixels a cell, brightness as characters, or not at all. */
export type PictureStyle = 'half-blocks' | 'shades' | 'none';

export interface Capabilities {
	/** False: plain lines instead of a screen (no terminal, or TERM=dumb). */
	readonly interactive: boolean;
	readonly colors: ColorCount;
	/** Whether braille, blocks and box corners arrive as such. */
	readonly unicode: boolean;
	readonly pictures: PictureStyle;
	/** Whether it may be asked for more than the environment says: in tmux and GNU screen nobody would answer, or somebody else. */
	readonly answers: boolean;
	/** Whether links (OSC 8) are at least passed over in silence. */
	readonly links: boolean;
}

/**
 * Whether a screen reader reads along: then a screen that changes everywhere at once is of no use, and sentences are.
 * ACCESSIBLE is what several programs for terminals look at; INK_SCREEN_READER is that of the library below this one.
 */
export function wantsSpeech({ACCESSIBLE, INK_SCREEN_READER}: Environment): boolean {
	const isSet = (value: string | undefined): boolean => value !== undefined && !/^(?:|0|false|no)$/i.test(value);
	return isSet(ACCESSIBLE) || isSet(INK_SCREEN_READER);
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What the terminal can do, from the environment alone.
 * `terminal`: stdin and stdout are both terminals. `color`: the person's own word, `--color`; over the environment.
 */
export function capabilities(environment: Environment, {terminal, color = 'auto'}: {terminal: boolean; color?: 'auto' | 'none' | '16' | '256' | 'truecolor'}): Capabilities {
	const interactive = terminal && environment.TERM !== 'dumb' && !wantsSpeech(environment);
	const unicode = isUtf8(environment);
	const colors = color === 'auto' ? environmentColors(environment, interactive) : ({none: 0, 16: 16, 256: 256, truecolor: 16_777_216} as const)[color];
	const pictures = interactive ? pictureStyle(colors, unicode) : 'none';
	const isInside = Boolean(environment.TMUX || environment.STY);
	return {interactive, colors, unicode, pictures, answers: pictures === 'half-blocks' && !isInside, links: interactive && colors >= 256 && !environment.STY};
}

function environmentColors({NO_COLOR, TERM = '', COLORTERM = ''}: Environment, interactive: boolean): ColorCount {
	// https://no-color.org: set and not empty, whatever the value.
	if (!interactive || NO_COLOR) {
		return 0;
	}

	if (/^(?:truecolor|24bit)$/i.test(COLORTERM) || TERM.endsWith('-direct')) {
		return 16_777_216;
	}

	return /256|kitty|ghostty|alacritty|foot|wezterm/.test(TERM) ? 256 : 16;
}

function pictureStyle(colors: ColorCount, unicode: boolean): PictureStyle {
	if (colors === 0) {
		return 'none';
	}

	return colors >= 256 && unicode ? 'half-blocks' : 'shades';
}

/** The first variable that is set decides, as in setlocale(3). tmux and ssh pass it on; a C locale turns every block into `_`. */
function isUtf8({LC_ALL, LC_CTYPE, LANG}: Environment): boolean {
	return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '');
}
