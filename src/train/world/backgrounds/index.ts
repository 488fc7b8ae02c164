import {shadeOf, type ColourName} from '../colours.ts';
import type {Mulberry32} from '../mulberry32.ts';
import type {Pen} from '../pen.ts';
import type {Background} from './background.ts';
import {beach, desert, forest, grass, sea, snow} from './country.ts';
import {night, space} from './sky.ts';
import {check, city, table} from './town.ts';

/** Where a scene is, and how captions say so. */
export const backgrounds = {
	snow: {paint: snow, phrases: ['on snow', 'in the snow']},
	grass: {paint: grass, phrases: ['on grass', 'in a meadow']},
	beach: {paint: beach, phrases: ['on the beach', 'on a beach']},
	night: {paint: night, phrases: ['at night']},
	desert: {paint: desert, phrases: ['in the desert']},
	sea: {paint: sea, phrases: ['underwater', 'under the sea']},
	city: {paint: city, phrases: ['in the city', 'in a city']},
	check: {paint: check, phrases: ['on a checkered floor']},
	space: {paint: space, phrases: ['in space']},
	forest: {paint: forest, phrases: ['in the forest', 'in a forest']},
	table: {paint: table, phrases: ['on a table', 'on a wooden table']},
} as const satisfies Record<string, {readonly paint: Background; readonly phrases: readonly string[]}>;

export type BackgroundName = keyof typeof backgrounds;

export const backgroundNames = Object.keys(backgrounds) as BackgroundName[];

/** Nothing but a colour. Returns the height on which things stand. */
export function paintPlain(pen: Pen, random: Mulberry32, colour: ColourName): number {
	pen.ground(shadeOf(colour, random));
	return random.between(92, 106);
}
