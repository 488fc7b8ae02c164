export type ScaleKind = 'linear' | 'log';

/** Maps values to 0 (bottom) .. 1 (top). The ends are round numbers, so that they rarely move while values come in. */
export interface Scale {
	readonly kind: ScaleKind;
	readonly bottom: number;
	readonly top: number;
	/** Undefined for what a logarithm cannot show. */
	readonly place: (value: number) => number | undefined;
	/** A round value near half the height. */
	readonly middle: number;
}

/** The scale for values between low and high. */
export function linearScale(low: number, high: number): Scale {
	const size = high - low || Math.abs(high) || 1;
	const step = roundStep(size / 8);
	const bottom = Math.floor(low / step + 1e-9) * step;
	const top = Math.max(Math.ceil(high / step - 1e-9) * step, bottom + step);
	return {kind: 'linear', bottom, top, middle: bottom + Math.round((top - bottom) / step / 2) * step, place: value => (value - bottom) / (top - bottom)};
}

/** The scale for positive values between low and high. */
export function logScale(low: number, high: number): Scale {
	const bottom = roundBelow(low);
	const top = Math.max(roundAbove(high), bottom * 1.5);
	const [from, size] = [Math.log10(bottom), Math.log10(top / bottom)];
	return {
		kind: 'log', bottom, top, middle: roundBelow(Math.sqrt(bottom * top)),
		place: value => value > 0 ? (Math.log10(value) - from) / size : undefined,
	};
}

/** 1, 2 or 5 times a power of ten, at least `size`. */
function roundStep(size: number): number {
	const power = 10 ** Math.floor(Math.log10(size));
	return [1, 2, 5, 10].map(factor => factor * power).find(step => step >= size * (1 - 1e-9)) ?? size;
}

const LOG_FACTORS = [1, 1.5, 2, 3, 5, 7, 10];

function roundBelow(value: number): number {
	const power = 10 ** Math.floor(Math.log10(value));
	return power * LOG_FACTORS.findLast(factor => factor * power <= value * (1 + 1e-9))!;
}

function roundAbove(value: number): number {
	const power = 10 ** Math.floor(Math.log10(value));
	return power * LOG_FACTORS.find(factor => factor * power >= value * (1 - 1e-9))!;
}
