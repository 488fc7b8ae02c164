import type {Mulberry32} from './mulberry32.ts';

/** Degrees, percent, percent. */
export type Hsl = readonly [hue: number, saturation: number, lightness: number];

const named = {
	red: [2, 80, 48],
	orange: [27, 92, 54],
	yellow: [50, 94, 56],
	green: [128, 55, 42],
	blue: [216, 76, 50],
	purple: [275, 55, 48],
	pink: [334, 82, 72],
	brown: [25, 48, 33],
	gray: [215, 6, 55],
	white: [210, 20, 95],
	black: [230, 12, 15],
} as const satisfies Record<string, Hsl>;

export type ColourName = keyof typeof named;

/** The colours that captions know. */
export const colours = Object.keys(named) as ColourName[];

/** One of the many colours that have this name. */
export function shadeOf(name: ColourName, random: Mulberry32): Hsl {
	const [hue, saturation, lightness] = named[name];
	return [hue + random.between(-6, 6), clamp(saturation + random.between(-8, 8), 0, 100), clamp(lightness + random.between(-4, 4), 8, 96)];
}

/** A colour that captions have no word for. It may look like one that has. */
export const anyShade = (random: Mulberry32): Hsl => [random.between(0, 360), random.between(35, 95), random.between(28, 75)];

export const darker = ([hue, saturation, lightness]: Hsl, by = 16): Hsl => [hue, saturation, Math.max(4, lightness - by)];
export const lighter = ([hue, saturation, lightness]: Hsl, by = 14): Hsl => [hue, saturation, Math.min(97, lightness + by)];

/** `#rrggbb`. CSS Color Module Level 4, section 7.1 */
export function hexOf([hue, saturation, lightness]: Hsl): string {
	const chroma = (1 - Math.abs((2 * lightness) / 100 - 1)) * (saturation / 100);
	const sector = (((hue % 360) + 360) % 360) / 60;
	const between = chroma * (1 - Math.abs((sector % 2) - 1));
	const rgb = [[chroma, between, 0], [between, chroma, 0], [0, chroma, between], [0, between, chroma], [between, 0, chroma], [chroma, 0, between]][Math.floor(sector) % 6];
	const least = lightness / 100 - chroma / 2;
	return `#${rgb.map(value => Math.round(clamp(value + least, 0, 1) * 255).toString(16).padStart(2, '0')).join('')}`;
}

const clamp = (value: number, low: number, high: number): number => Math.max(low, Math.min(high, value));
