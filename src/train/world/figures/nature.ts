import {darker, type Hsl} from '../colours.ts';
import {filled, outlined, stroked} from '../pen.ts';
import {BLACK, eye, sides, starCorners, WOOD, type Figure} from './figure.ts';

export const tree: Figure = (pen, random, {main, third}) => {
	pen.rect(-8, -40, 16, 40, 2, outlined(WOOD, 2.5, darker(WOOD, 12)));
	const crown = random.pick(['round', 'fir', 'bushy'] as const);
	if (crown === 'round') {
		pen.circle(0, -68, 32, outlined(main));
	} else if (crown === 'fir') {
		for (const [y, width] of [[-26, 36], [-50, 30], [-72, 22]]) pen.polygon([[-width, y], [width, y], [0, y - 34]], outlined(main));
	} else {
		for (const side of sides) pen.circle(side * 18, -54, 20, outlined(main));
		pen.circle(0, -76, 24, outlined(main));
		pen.circle(0, -58, 18, filled(main));
	}
	const hasFruit = random.chance(0.3);
	if (hasFruit) {
		for (const [x, y] of [[-12, -62], [10, -76], [12, -54], [-4, -46]]) pen.circle(x, y, 4, filled(third));
	}
};

export const flower: Figure = (pen, random, {main, second}) => {
	const stem: Hsl = [120, 50, 34];
	const petals = random.pick([5, 6, 8]);
	const centre = -72;
	pen.line([0, 0], [0, centre], stem, 5);
	for (const [x, y] of [[12, -26], [-12, -36]]) pen.ellipse(x, y, 12, 5, outlined(stem, 1.2, darker(stem, 10)));
	for (let petal = 0; petal < petals; petal++) {
		const angle = (2 * Math.PI * petal) / petals;
		pen.circle(17 * Math.sin(angle), centre - 17 * Math.cos(angle), petals < 8 ? 11 : 9, outlined(main, 1.8));
	}
	pen.circle(0, centre, 10, outlined(second, 1.4));
};

export const fish: Figure = (pen, random, {main, second}) => {
	const tail = random.pick(sides);
	const y = -40;
	pen.polygon([[tail * 24, y], [tail * 50, y - 24], [tail * 50, y + 24]], outlined(second));
	pen.polygon([[-tail * 10, y - 18], [tail * 16, y - 18], [tail * 14, y - 38]], outlined(second));
	pen.ellipse(0, y, 35, 23, outlined(main));
	const hasStripes = random.chance(0.5);
	if (hasStripes) {
		for (const x of [-2, 10, 22]) pen.line([tail * x, y - 17 + x * 0.3], [tail * x, y + 17 - x * 0.3], second, 4.5);
	}
	eye(pen, -tail * 19, y - 5, 6);
	pen.line([-tail * 31, y + 7], [-tail * 23, y + 7], BLACK, 2);
};

export const star: Figure = (pen, random, {main}) => {
	const points = random.pick([5, 5, 5, 6]);
	pen.polygon(starCorners({x: 0, y: -46, radius: 46, points, inner: random.between(0.42, 0.55)}), outlined(main, 3));
	const hasFace = random.chance(0.4);
	if (hasFace) {
		for (const side of sides) eye(pen, side * 8, -48, 4.5);
		pen.path('M-8 -38Q0 -31 8 -38', stroked(BLACK, 2));
	}
};
