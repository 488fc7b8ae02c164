import {darker, type Hsl} from '../colours.ts';
import type {Mulberry32} from '../mulberry32.ts';
import {filled, outlined, type Pen} from '../pen.ts';

/** The colours of a figure: the first is the one that its caption names. */
export interface Palette {
	readonly main: Hsl;
	readonly second: Hsl;
	readonly third: Hsl;
}

/** Where a figure wears a hat and holds a balloon. */
export interface Body {
	/** The middle of the head's top, and half of its width there. */
	readonly head: {readonly x: number; readonly y: number; readonly halfWidth: number};
	readonly hand: {readonly x: number; readonly y: number};
}

/** Draws a figure about 100 units tall that stands on y = 0 at x = 0. */
export type Figure<B extends Body | void = void> = (pen: Pen, random: Mulberry32, palette: Palette) => B;

export const sides = [-1, 1] as const;

export const WHITE: Hsl = [210, 10, 97];
export const BLACK: Hsl = [230, 15, 12];
export const WOOD: Hsl = [25, 45, 30];

export function eye(pen: Pen, x: number, y: number, radius: number, pupil = BLACK): void {
	pen.circle(x, y, radius, outlined(WHITE, 1.2, darker(WHITE, 60)));
	pen.circle(x, y, radius * 0.52, filled(pupil));
}

/** The corners of a star, the first one on top; `inner`: the radius between its points, as a share of the outer one. */
export function starCorners({x, y, radius, points = 5, inner = 0.45}: {x: number; y: number; radius: number; points?: number; inner?: number}): [x: number, y: number][] {
	return Array.from({length: 2 * points}, (_, corner) => {
		const reach = corner % 2 === 0 ? radius : radius * inner;
		const angle = (Math.PI * corner) / points;
		return [x + reach * Math.sin(angle), y - reach * Math.cos(angle)];
	});
}
