import type {Mulberry32} from '../mulberry32.ts';
import type {Pen} from '../pen.ts';

/** Paints all of the canvas. Returns the height at which the ground begins. */
export type Background = (pen: Pen, random: Mulberry32) => number;

/** `count` times, for what is strewn about. */
export function repeat(count: number, draw: (index: number) => void): void {
	for (let index = 0; index < count; index++) draw(index);
}
