import {createContext, useContext} from 'react';
import type {TextProps} from 'ink';
import {capabilities, type Capabilities} from './term/index.ts';

/** How a piece of text looks, to be spread into Ink's `<Text>`. */
export type Look = Pick<TextProps, 'color' | 'bold' | 'dimColor' | 'inverse'>;

/**
 * The meanings that colour carries. Components name a meaning, never a colour, and every meaning is also a word or a sign
 * on the screen: without colour nothing is lost.
 */
export interface Theme {
	readonly terminal: Capabilities;
	readonly ok: Look;
	readonly warn: Look;
	readonly bad: Look;
	readonly dim: Look;
	readonly accent: Look;
	/** Titles and the value a person looks for first. */
	readonly strong: Look;
	readonly glyphs: Glyphs;
	/** For `borderStyle` of Ink's `<Box>`. */
	readonly border: 'round' | 'classic';
}

export interface Glyphs {
	readonly barFull: string;
	readonly barEmpty: string;
	readonly ellipsis: string;
	readonly left: string;
	readonly right: string;
	readonly vertical: string;
	readonly horizontal: string;
	readonly bullet: string;
	readonly check: string;
	readonly cross: string;
	readonly pointer: string;
}

const UNICODE: Glyphs = {
	barFull: '█', barEmpty: '░', ellipsis: '…', left: '◀', right: '▶', vertical: '│', horizontal: '─', bullet: '·', check: '✓', cross: '✗', pointer: '❯',
};

const ASCII: Glyphs = {
	barFull: '#', barEmpty: '.', ellipsis: '~', left: '<', right: '>', vertical: '|', horizontal: '-', bullet: '-', check: 'ok', cross: 'x', pointer: '>',
};

/** The 16 named colours follow the person's own palette; blue and orange-like pairs stay apart for the colour-blind. */
export function themeFor(terminal: Capabilities): Theme {
	const paint = (color: string): Look => terminal.colors === 0 ? {} : {color};
	return {
		terminal,
		ok: paint('green'),
		warn: paint('yellow'),
		bad: {...paint('red'), bold: true},
		dim: {dimColor: true},
		accent: paint('cyan'),
		strong: {bold: true},
		glyphs: terminal.unicode ? UNICODE : ASCII,
		border: terminal.unicode ? 'round' : 'classic',
	};
}

/** Set once at the root by `showOnScreen`. */
export const ThemeContext = createContext<Theme>(themeFor(capabilities({}, {terminal: false})));

export function useTheme(): Theme {
	return useContext(ThemeContext);
}
