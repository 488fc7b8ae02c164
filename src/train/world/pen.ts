import {darker, hexOf, type Hsl} from './colours.ts';

/** Units along one side of a picture, x to the right and y down. */
export const CANVAS = 128;

export interface Paint {
	readonly fill?: Hsl;
	readonly stroke?: Hsl;
	readonly width: number;
}

type Point = readonly [x: number, y: number];

const USUAL_WIDTH = 2.5;

export const filled = (fill: Hsl): Paint => ({fill, width: USUAL_WIDTH});
export const stroked = (stroke: Hsl, width: number): Paint => ({stroke, width});
export const outlined = (fill: Hsl, width = USUAL_WIDTH, stroke = darker(fill)): Paint => ({fill, stroke, width});

/** Path data of SVG, its numbers to a tenth. */
export const d = (text: TemplateStringsArray, ...numbers: readonly number[]): string => String.raw({raw: text}, ...numbers.map(tenths));

/** Draws shapes as SVG. A sketch has gray outlines on white paper, whatever the paints say. */
export class Pen {
	#svg = '';
	readonly #sketch: boolean;

	constructor({sketch}: {sketch: boolean}) {
		this.#sketch = sketch;
	}

	rect(x: number, y: number, width: number, height: number, corner: number, paint: Paint): void {
		this.#shape(`rect x="${tenths(x)}" y="${tenths(y)}" width="${tenths(width)}" height="${tenths(height)}" rx="${tenths(corner)}"`, paint);
	}

	/** All of the canvas from `top` down. */
	ground(colour: Hsl, top = 0): void {
		this.rect(0, top, CANVAS, CANVAS, 0, filled(colour));
	}

	circle(x: number, y: number, radius: number, paint: Paint): void {
		this.#shape(`circle cx="${tenths(x)}" cy="${tenths(y)}" r="${tenths(radius)}"`, paint);
	}

	ellipse(x: number, y: number, radiusX: number, radiusY: number, paint: Paint): void {
		this.#shape(`ellipse cx="${tenths(x)}" cy="${tenths(y)}" rx="${tenths(radiusX)}" ry="${tenths(radiusY)}"`, paint);
	}

	polygon(points: readonly Point[], paint: Paint): void {
		this.#shape(`polygon points="${points.map(([x, y]) => `${tenths(x)},${tenths(y)}`).join(' ')}"`, paint);
	}

	path(data: string, paint: Paint): void {
		this.#shape(`path d="${data}"`, paint);
	}

	line([x1, y1]: Point, [x2, y2]: Point, colour: Hsl, width: number): void {
		this.path(d`M${x1} ${y1}L${x2} ${y2}`, stroked(colour, width));
	}

	/** What `draw` draws, with its origin at x, y. */
	place({x, y, scale}: {readonly x: number; readonly y: number; readonly scale: number}, draw: () => void): void {
		this.#svg += `<g transform="translate(${tenths(x)} ${tenths(y)}) scale(${scale.toFixed(3)})">`;
		draw();
		this.#svg += '</g>';
	}

	/** The whole picture. */
	svg(): string {
		return `<svg xmlns="http://www.w3.org/2000/svg" width="${CANVAS}" height="${CANVAS}" viewBox="0 0 ${CANVAS} ${CANVAS}">${this.#svg}</svg>`;
	}

	#shape(shape: string, paint: Paint): void {
		this.#svg += `<${shape} ${this.#sketch ? sketched(paint) : painted(paint)}/>`;
	}
}

const tenths = (value: number): string => value.toFixed(1);

function painted({fill, stroke, width}: Paint): string {
	const inside = `fill="${fill ? hexOf(fill) : 'none'}"`;
	return stroke ? `${inside} stroke="${hexOf(stroke)}" stroke-width="${width.toFixed(2)}" stroke-linejoin="round" stroke-linecap="round"` : inside;
}

const sketched = ({fill, width}: Paint): string => `fill="${fill ? '#fdfdfb' : 'none'}" stroke="#3c3c44" stroke-width="${Math.max(1.6, Math.min(width, 2.6)).toFixed(2)}"`;
