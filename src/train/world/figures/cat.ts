import {darker} from '../colours.ts';
import {d, filled, outlined, stroked} from '../pen.ts';
import {BLACK, sides, WHITE, type Body, type Figure} from './figure.ts';

export const cat: Figure<Body> = (pen, random, {main, second, third}) => {
	const outline = darker(main);
	const stripes = random.chance(0.4);
	const belly = random.chance(0.5);
	const tailSide = random.pick(sides);
	const tail = d`M${tailSide * 20} -14C${tailSide * 50} -10 ${tailSide * 44} -40 ${tailSide * 36} -52`;
	pen.path(tail, stroked(outline, 11));
	pen.path(tail, stroked(main, 7));
	pen.path('M-24 0C-30 -40 -16 -56 0 -56C16 -56 30 -40 24 0Z', outlined(main));
	if (belly) pen.ellipse(0, -18, 13, 16, filled(second));
	for (const side of sides) pen.ellipse(side * 13, -4, 9, 5.5, outlined(main, 2));
	for (const side of sides) {
		pen.polygon([[side * 8, -88], [side * 27, -106], [side * 28, -72]], outlined(main));
		pen.polygon([[side * 15, -88], [side * 24, -97], [side * 24, -80]], filled(second));
	}
	pen.ellipse(0, -70, 29, 24, outlined(main));
	if (stripes) {
		for (const x of [-8, 0, 8]) pen.line([x, -92], [x * 0.8, -83], outline, 3);
	}
	const [, , lightness] = third;
	for (const side of sides) {
		pen.ellipse(side * 11, -72, 5.5, 6.5, outlined(lightness > 35 ? third : WHITE, 1.2, BLACK));
		pen.ellipse(side * 11, -72, 2.4, 5, filled(BLACK));
	}
	pen.polygon([[-4, -62], [4, -62], [0, -57]], filled([340, 70, 65]));
	for (const side of sides) {
		pen.line([side * 12, -60], [side * 32, -63], BLACK, 1.2);
		pen.line([side * 12, -57], [side * 31, -54], BLACK, 1.2);
	}
	return {head: {x: 0, y: -92, halfWidth: 14}, hand: {x: 22, y: -34}};
};
