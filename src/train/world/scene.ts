import {drawBalloon, drawHat, hats} from './accessories.ts';
import {backgroundNames, backgrounds, paintPlain} from './backgrounds/index.ts';
import {withArticle, writeCaption} from './caption.ts';
import {anyShade, colours, shadeOf, type ColourName} from './colours.ts';
import type {Facts} from './facts.ts';
import {classWeights, figures, hasBody, type ClassName, type Palette} from './figures/index.ts';
import {choosePlaces, type Layout} from './layout.ts';
import {Mulberry32} from './mulberry32.ts';
import {Pen} from './pen.ts';

export interface Scene {
	/** A document of 128 x 128. */
	readonly svg: string;
	readonly caption: string;
	readonly facts: Facts;
}

/** Half of all numbers; the other half is held out. */
const HELD_OUT = 2 ** 31;
/** 2^31 divided by the golden ratio, and odd: the ranges of seeds lie as far from each other as they can (Knuth, The Art of Computer Programming 3, 6.4). */
const SEED_STRIDE = 1_327_217_885;

/**
 * The captioned scene with this place in the endless series of a seed: the same one whenever and wherever it is asked for. Held-out
 * scenes are none of those that training sees, whatever its seed is: each scene is drawn from a number of 32 bits, the first of which
 * says to which of the two it belongs.
 * @param seed an integer
 * @param index 0 ... 2^31−1
 */
export function scene(seed: number, index: number, {heldOut = false}: {heldOut?: boolean} = {}): Scene {
	const place = (index + Math.imul(seed, SEED_STRIDE)) & (HELD_OUT - 1);
	return drawScene(new Mulberry32(heldOut ? place + HELD_OUT : place));
}

/** What follows is the order in which random numbers are taken: another order is another world. */
function drawScene(random: Mulberry32): Scene {
	const noun = random.weighted(classWeights);
	const sketch = random.chance(0.05);
	const pen = new Pen({sketch});
	const {background, ground, place, horizon} = paintBackground(pen, random);
	const colour = random.chance(0.78) ? chooseColour(random, ground) : undefined;
	const palette = choosePalette(noun, colour, random);
	const layout = choosePlaces(noun, horizon, random);
	const {size, side, other, hat, balloon} = layout;
	if (other) drawOther(pen, random, {other, ...layout});
	drawMain(pen, random, {noun, palette, ...layout});
	const facts: Facts = {
		class: noun, ...(colour && !sketch && {colour}),
		background, ...(ground && !sketch && {ground}),
		size, ...(side && {side}), sketch,
		...(hat && {hat}), ...(balloon && {balloon}), ...(other && {other}),
	};
	return {svg: pen.svg(), caption: writeCaption(facts, place, random), facts};
}

interface Painted extends Pick<Facts, 'background' | 'ground'> {
	/** How a caption says it. */
	readonly place: string;
	/** Where the ground begins. */
	readonly horizon: number;
}

function paintBackground(pen: Pen, random: Mulberry32): Painted {
	if (random.chance(0.28)) {
		const ground = random.pick(colours);
		return {background: 'plain', ground, place: `on ${withArticle(`${ground} background`)}`, horizon: paintPlain(pen, random, ground)};
	}
	const background = random.pick(backgroundNames);
	const {paint, phrases} = backgrounds[background];
	return {background, place: random.pick<string>(phrases), horizon: paint(pen, random)};
}

/** On a ground of its own colour nothing would be seen. */
function chooseColour(random: Mulberry32, ground: ColourName | undefined): ColourName {
	const colour = random.pick(colours);
	return colour === ground ? random.pick(colours.filter(name => name !== ground)) : colour;
}

function choosePalette(noun: ClassName, colour: ColourName | undefined, random: Mulberry32): Palette {
	const main = colour ? shadeOf(colour, random) : anyShade(random);
	const isOneColour = random.chance(0.45) && hasBody(noun);
	const second = isOneColour ? main : random.chance(0.6) ? namedShade(random) : anyShade(random);
	return {main, second, third: random.chance(0.7) ? namedShade(random) : anyShade(random)};
}

const namedShade = (random: Mulberry32) => shadeOf(random.pick(colours), random);

function drawOther(pen: Pen, random: Mulberry32, {other, x, y}: Layout & {other: NonNullable<Layout['other']>}): void {
	const scale = random.between(0.48, 0.64);
	const [otherX, otherY] = [128 - x + random.between(-4, 4), y + random.between(-6, 4)];
	const palette = {main: shadeOf(other.colour, random), second: namedShade(random), third: namedShade(random)};
	pen.place({x: otherX, y: otherY, scale}, () => figures[other.class](pen, random, palette));
}

function drawMain(pen: Pen, random: Mulberry32, {noun, palette, hat, balloon, ...at}: Layout & {noun: ClassName; palette: Palette}): void {
	pen.place(at, () => {
		const body = figures[noun](pen, random, palette);
		if (body && hat) {
			const colour = shadeOf(hat, random);
			drawHat(pen, body.head, {colour, kind: random.pick(hats)});
		}
		if (body && balloon) drawBalloon(pen, body.hand, shadeOf(balloon, random));
	});
}
