import {darker, lighter, type Hsl} from '../colours.ts';
import {d, filled, outlined, stroked} from '../pen.ts';
import {BLACK, sides, starCorners, WOOD, type Figure} from './figure.ts';

export const house: Figure = (pen, random, {main, second, third}) => {
	pen.rect(-36, -56, 72, 56, 1, outlined(main));
	const roof = random.pick(['gable', 'hip', 'dome'] as const);
	const hasChimney = random.chance(0.5);
	if (hasChimney) pen.rect(16, -92, 11, 26, 0, outlined(darker(second, 8), 2.5, darker(second, 22)));
	if (roof === 'gable') pen.polygon([[-46, -55], [46, -55], [0, -98]], outlined(second));
	else if (roof === 'hip') pen.polygon([[-46, -55], [46, -55], [28, -88], [-28, -88]], outlined(second));
	else pen.path('M-44 -55A44 38 0 0 1 44 -55Z', outlined(second));
	const door = random.pick([-16, 0, 16]);
	pen.rect(door - 9, -32, 18, 32, 2, outlined(third, 1.8));
	for (const window of door === 0 ? [-20, 20] : [-door]) {
		const glass: Hsl = random.chance(0.5) ? [48, 80, 80] : [200, 60, 82];
		pen.rect(window - 9, -46, 18, 18, 1, outlined(glass, 1.8, darker(main, 24)));
	}
};

export const car: Figure = (pen, random, {main, second}) => {
	const glass = filled([200, 55, 82]);
	const cabin = random.pick(['saloon', 'van', 'beetle'] as const);
	if (cabin === 'saloon') {
		pen.path('M-24 -30L-16 -52H16L28 -30Z', outlined(main));
		pen.path('M-16 -32L-11 -46H-1V-32Z', glass);
		pen.path('M4 -32V-46H13L20 -32Z', glass);
	} else if (cabin === 'van') {
		pen.rect(-32, -58, 58, 30, 5, outlined(main));
		for (const x of [-26, 0]) pen.rect(x, -52, 20, 16, 2, glass);
	} else {
		pen.path('M-26 -30A27 27 0 0 1 28 -30Z', outlined(main));
		pen.path('M-17 -33A18 16 0 0 1 18 -33Z', glass);
	}
	pen.rect(-46, -34, 92, 25, 9, outlined(main));
	pen.circle(40, -24, 4, filled([50, 90, 75]));
	pen.rect(-46, -20, 92, 4, 0, filled(second));
	for (const side of sides) {
		pen.circle(side * 25, -9, 11, filled(BLACK));
		pen.circle(side * 25, -9, 5, filled([210, 6, 75]));
	}
};

export const mug: Figure = (pen, random, {main, second}) => {
	const outline = darker(main);
	const handle = random.pick(sides);
	pen.ellipse(handle * 30, -34, 15, 18, stroked(outline, 10));
	pen.ellipse(handle * 30, -34, 15, 18, stroked(main, 6));
	pen.path('M-28 -66L-25 0H25L28 -66Z', outlined(main));
	pen.ellipse(0, -66, 28, 7, outlined([25, 60, 28], 2.2, outline));
	const print = random.pick(['band', 'heart', 'star', 'none'] as const);
	if (print === 'band') pen.rect(-27, -42, 54, 12, 0, filled(second));
	else if (print === 'heart') pen.path('M0 -18C-19 -30 -12 -44 0 -36C12 -44 19 -30 0 -18Z', filled(second));
	else if (print === 'star') pen.polygon(starCorners({x: 0, y: -34, radius: 14}), filled(second));
	const isHot = random.chance(0.4);
	if (isHot) {
		for (const x of [-9, 6]) pen.path(d`M${x} -76q6 -6 0 -12q-6 -6 0 -11`, stroked([210, 10, 88], 3));
	}
};

export const ball: Figure = (pen, random, {main, second}) => {
	pen.circle(0, -34, 34, outlined(main));
	const pattern = random.pick(['band', 'star', 'dots', 'gloss'] as const);
	if (pattern === 'band') {
		pen.path('M-33 -40Q0 -22 33 -40L32 -26Q0 -8 -32 -26Z', filled(second));
	} else if (pattern === 'star') {
		pen.polygon(starCorners({x: 0, y: -34, radius: 20}), filled(second));
	} else if (pattern === 'dots') {
		for (const [x, y] of [[-14, -46], [13, -40], [-6, -20], [12, -17]]) pen.circle(x, y, 5.5, filled(second));
	} else {
		pen.ellipse(-11, -48, 9, 6, filled(lighter(main, 18)));
	}
};

export const boat: Figure = (pen, random, {main, second, third}) => {
	pen.line([0, -24], [0, -98], WOOD, 4);
	pen.polygon([[4, -32], [4, -94], [38, -32]], outlined(second));
	const jib = random.chance(0.5) ? third : second;
	pen.polygon([[-4, -32], [-4, -80], [-28, -32]], outlined(jib, 2.5, darker(second)));
	pen.path('M-46 -26H46Q38 0 24 0H-24Q-38 0 -46 -26Z', outlined(main));
};
