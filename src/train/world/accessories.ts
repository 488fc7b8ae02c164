import {darker, lighter, type Hsl} from './colours.ts';
import type {Body} from './figures/index.ts';
import {d, filled, outlined, stroked, type Pen} from './pen.ts';

export const hats = ['bobble hat', 'top hat', 'cap'] as const;

/** Puts a hat on a head. */
export function drawHat(pen: Pen, {x, y, halfWidth}: Body['head'], {kind, colour}: {kind: (typeof hats)[number]; colour: Hsl}): void {
	if (kind === 'bobble hat') {
		pen.polygon([[x - halfWidth * 0.8, y + 4], [x + halfWidth * 0.8, y + 4], [x, y - 30]], outlined(colour));
		pen.circle(x, y - 30, 4.5, filled(lighter(colour, 20)));
	} else if (kind === 'top hat') {
		pen.rect(x - halfWidth * 0.65, y - 23, halfWidth * 1.3, 26, 2, outlined(colour));
		pen.rect(x - halfWidth * 1.1, y - 1, halfWidth * 2.2, 6, 2, outlined(colour));
	} else {
		const radius = halfWidth * 0.85;
		pen.path(d`M${x - radius} ${y + 4}A${radius} 21 0 0 1 ${x + radius} ${y + 4}Z`, outlined(colour));
		pen.rect(x - halfWidth * 0.2, y - 2, halfWidth * 1.5, 6, 3, outlined(darker(colour, 8), 1.5, darker(colour, 20)));
	}
}

/** Puts a balloon into a hand. */
export function drawBalloon(pen: Pen, {x, y}: Body['hand'], colour: Hsl): void {
	pen.path(d`M${x} ${y}Q${x + 12} ${y - 30} ${x + 6} ${y - 56}`, stroked([0, 0, 45], 1.8));
	pen.ellipse(x + 6, y - 72, 15, 18, outlined(colour));
	pen.ellipse(x + 1, y - 78, 4, 5, filled(lighter(colour, 20)));
}
