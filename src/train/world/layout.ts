import {colours} from './colours.ts';
import type {Facts} from './facts.ts';
import {classWeights, hasBody, type ClassName} from './figures/index.ts';
import type {Mulberry32} from './mulberry32.ts';

/** Where the main figure stands and how large it is, and what is with it. */
export interface Layout extends Pick<Facts, 'size' | 'side' | 'other' | 'hat' | 'balloon'> {
	readonly x: number;
	readonly y: number;
	/** A figure of scale 1 is 100 units tall. */
	readonly scale: number;
}

/** Scales. */
const sizes = {small: [0.42, 0.5], medium: [0.66, 0.8], big: [0.92, 1.02]} as const;

/** @param horizon where the ground begins */
export function choosePlaces(noun: ClassName, horizon: number, random: Mulberry32): Layout {
	let size = random.weighted({small: 1, medium: 4, big: 1});
	const side = random.weighted({middle: 6, left: 1, right: 1});
	const [smallest, largest] = sizes[size];
	let scale = random.between(smallest, largest);
	const other = random.chance(0.13) ? {class: random.weighted(classWeights), colour: random.pick(colours)} : undefined;
	if (other && size === 'big') {
		scale = random.between(0.6, 0.72);
		size = 'medium';
	}
	const stands = other && side === 'middle' ? random.pick(['left', 'right'] as const) : side;
	let x = {middle: 64 + random.between(-9, 9), left: random.between(34, 42), right: random.between(86, 94)}[stands];
	const y = chooseHeight({horizon, size, scale}, random);
	const hat = hasBody(noun) && random.chance(0.12) ? random.pick(colours) : undefined;
	const balloon = hasBody(noun) && !hat && !other && random.chance(0.08) ? random.pick(colours) : undefined;
	if (hat && size === 'big') scale = random.between(0.78, 0.86);
	if (balloon) {
		scale = Math.min(scale, random.between(0.6, 0.68));
		x = Math.min(x, 72);
	}
	return {size, ...(side !== 'middle' && {side}), x, y, scale, other, hat, balloon};
}

/** Where the feet are: on the ground, and large figures near enough to it that they fit below the upper edge. */
function chooseHeight({horizon, size, scale}: Pick<Layout, 'size' | 'scale'> & {horizon: number}, random: Mulberry32): number {
	const y = horizon < 91 ? Math.min(124, horizon + random.between(8, 24)) : Math.min(122, horizon + random.between(-2, 10));
	if (size === 'big') return random.between(114, 124);
	return scale > 0.6 ? Math.max(y, random.between(98, 114)) : y;
}
