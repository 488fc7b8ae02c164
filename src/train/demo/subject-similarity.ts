import fs from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import {shrink, SIDE, thumbnail, type Picture} from './thumbnail.ts';

/** How much a picture shows of one certain subject; 1 would be the subject itself, drawn alone. */
export interface Similarity {
	/** correlation · colour, where their product is greatest: 0 ... 1. Real pictures of the demo's robot reach .67 to .81, other robots .02. */
	readonly similarity: number;
	/** Zero-mean normalised cross-correlation with the subject at that place, with one mean over all channels, so that hues count: -1 ... 1. */
	readonly correlation: number;
	/** Mean over the subject of exp(-|ΔRGB|² / 2σ²) at that place: 0 ... 1. */
	readonly colour: number;
}

/** The subject alone at one height. */
interface Template {
	/** Pixels of the box around it. */
	readonly width: number;
	readonly height: number;
	/** Pixels of the subject. */
	readonly area: number;
	/** [height, width, 3], 0 outside of the subject. */
	readonly colours: Float32Array;
	/** The same less its mean. */
	readonly centred: Float32Array;
	/** Square root of the sum of squares of `centred`. */
	readonly norm: number;
	/** The subject row by row: pixels `begin` to `end` (excluded) of the box's row. */
	readonly runs: readonly {readonly row: number; readonly begin: number; readonly end: number}[];
}

/** How far the subject may stand out of the picture. */
const MARGIN = 4;
const PADDED = SIDE + 2 * MARGIN;
/** Places per height whose colours are compared: those that correlate best. */
const PLACES = 12;
/** Width of the colour comparison, in parts of the range of a channel. */
const COLOUR_SIGMA = 0.18;
/** Variance below which a place counts as even. */
const LEAST_VARIANCE = 1e-6;

/** The subject, drawn alone at several heights, and how much a picture shows of it (the measure F of the demo's recipe). */
export class Subject {
	private constructor(private readonly templates: readonly Template[]) {}

	/** Reads the PNG files of a folder: the subject on a transparent ground, one height each. */
	static async load(folder: string): Promise<Subject> {
		const files = fs.readdirSync(folder).filter(file => file.endsWith('.png')).sort();
		return new Subject(await Promise.all(files.map(async file => readTemplate(path.join(folder, file)))));
	}

	/** Looks for the subject everywhere in the picture, at every height. */
	similarity(picture: Picture): Similarity {
		const searched = search(thumbnail(picture));
		let best: Similarity = {similarity: -1, correlation: -1, colour: -1};
		for (const template of this.templates) {
			for (const {x, y, correlation} of correlate(template, searched)) {
				const colour = compareColours(template, searched.values, x, y);
				const similarity = Math.max(0, correlation) * colour;
				if (similarity > best.similarity) best = {similarity, correlation, colour};
			}
		}
		return best;
	}
}

async function readTemplate(file: string): Promise<Template> {
	const {data, info} = await sharp(file).ensureAlpha().raw().toBuffer({resolveWithObject: true});
	// Colours are averaged with their opacity: those of transparent pixels mean nothing.
	const premultiplied = Float32Array.from(data, (value, i) => (i % 4 === 3 ? value / 255 : (value * data[i | 3]) / 255 ** 2));
	const small = shrink(premultiplied, {width: info.width, height: info.height, channels: 4});
	const isSubject = (x: number, y: number) => small[(y * SIDE + x) * 4 + 3] > 0.5;
	const positions = Array.from({length: SIDE * SIDE}, (_, i) => ({x: i % SIDE, y: Math.floor(i / SIDE)})).filter(({x, y}) => isSubject(x, y));
	const [xs, ys] = [positions.map(({x}) => x), positions.map(({y}) => y)];
	const [left, top] = [Math.min(...xs), Math.min(...ys)];
	const [width, height] = [Math.max(...xs) - left + 1, Math.max(...ys) - top + 1];

	const colours = new Float32Array(height * width * 3);
	const centred = new Float32Array(height * width * 3);
	const places = positions.map(({x, y}) => ({to: ((y - top) * width + x - left) * 3, from: (y * SIDE + x) * 4}));
	for (const {to, from} of places) {
		for (let channel = 0; channel < 3; channel++) colours[to + channel] = small[from + channel] / small[from + 3];
	}
	const mean = colours.reduce((sum, value) => sum + value, 0) / (3 * places.length);
	for (const {to} of places) {
		for (let channel = 0; channel < 3; channel++) centred[to + channel] = colours[to + channel] - mean;
	}
	const norm = Math.sqrt(centred.reduce((sum, value) => sum + value ** 2, 0));

	const runs: {row: number; begin: number; end: number}[] = [];
	for (const {x, y} of positions) {
		const last = runs.at(-1);
		if (last?.row === y - top && last.end === x - left) {
			last.end++;
		} else {
			runs.push({row: y - top, begin: x - left, end: x - left + 1});
		}
	}
	return {width, height, area: places.length, colours, centred, norm, runs};
}

/** A picture made ready to look for templates in it. */
interface Searched {
	/** [72, 72, 3]: the thumbnail with its edge repeated outwards. */
	readonly values: Float32Array;
	/** [72, 73]: sums of all channels over the pixels of the row that lie left of each. */
	readonly sums: Float64Array;
	/** The same of the squares. */
	readonly squares: Float64Array;
}

function search(small: Float32Array): Searched {
	const values = new Float32Array(PADDED * PADDED * 3);
	const sums = new Float64Array(PADDED * (PADDED + 1));
	const squares = new Float64Array(PADDED * (PADDED + 1));
	const inside = (position: number) => Math.min(SIDE - 1, Math.max(0, position - MARGIN));
	for (let y = 0; y < PADDED; y++) {
		for (let x = 0; x < PADDED; x++) {
			const from = (inside(y) * SIDE + inside(x)) * 3;
			const [red, green, blue] = small.subarray(from, from + 3);
			values.set([red, green, blue], (y * PADDED + x) * 3);
			const at = y * (PADDED + 1) + x;
			sums[at + 1] = sums[at] + red + green + blue;
			squares[at + 1] = squares[at] + red ** 2 + green ** 2 + blue ** 2;
		}
	}
	return {values, sums, squares};
}

interface Place {
	/** Left upper corner of the template's box in the padded picture. */
	readonly x: number;
	readonly y: number;
	readonly correlation: number;
}

/** The places where the template correlates best, best first. */
function correlate({width, height, area, centred, norm, runs}: Template, {values, sums, squares}: Searched): Place[] {
	const places: Place[] = [];
	for (let y = 0; y <= PADDED - height; y++) {
		for (let x = 0; x <= PADDED - width; x++) {
			let [product, sum, square] = [0, 0, 0];
			for (const {row, begin, end} of runs) {
				const pixel = (y + row) * PADDED + x;
				const shift = pixel * 3 - row * width * 3;
				for (let i = (row * width + begin) * 3; i < (row * width + end) * 3; i++) product += centred[i] * values[i + shift];
				const at = pixel + y + row;
				sum += sums[at + end] - sums[at + begin];
				square += squares[at + end] - squares[at + begin];
			}
			const variance = Math.max(square - sum ** 2 / (3 * area), LEAST_VARIANCE);
			places.push({x, y, correlation: product / (norm * Math.sqrt(variance))});
		}
	}
	return places.sort((a, b) => b.correlation - a.correlation).slice(0, PLACES);
}

function compareColours({width, area, colours, runs}: Template, values: Float32Array, x: number, y: number): number {
	let total = 0;
	for (const {row, begin, end} of runs) {
		for (let column = begin; column < end; column++) {
			const mine = (row * width + column) * 3;
			const theirs = ((y + row) * PADDED + x + column) * 3;
			let distance = 0;
			for (let channel = 0; channel < 3; channel++) distance += (colours[mine + channel] - values[theirs + channel]) ** 2;
			total += Math.exp(-distance / (2 * COLOUR_SIGMA ** 2));
		}
	}
	return total / area;
}
