import {darker, lighter, shadeOf, type Hsl} from '../colours.ts';
import {filled, outlined} from '../pen.ts';
import {repeat, type Background} from './background.ts';

export const city: Background = (pen, random) => {
	const y = random.between(82, 94);
	pen.ground([208, 40, 80]);
	for (let x = -4; x < 128;) {
		const [width, height] = [random.between(18, 30), random.between(26, 66)];
		const wall: Hsl = [random.between(205, 235), random.between(10, 22), random.between(46, 64)];
		pen.rect(x, y - height, width, height, 0, filled(wall));
		for (let floor = Math.trunc(y - height) + 6; floor < Math.trunc(y) - 6; floor += 11) {
			for (const share of [0.2, 0.6]) pen.rect(x + width * share, floor, 4.5, 5, 0, filled([48, 75, 76]));
		}
		x += width + random.between(0, 3);
	}
	pen.ground([220, 6, 36], y);
	repeat(4, dash => pen.rect(6 + 34 * dash, y + 16, 16, 3.5, 0, filled([50, 40, 85])));
	return y;
};

/** A floor of tiles in perspective: rows grow taller and wider towards the eye. */
export const check: Background = (pen, random) => {
	const y = random.between(66, 80);
	const dark = shadeOf(random.pick(['red', 'blue', 'green', 'purple', 'black', 'black', 'black']), random);
	pen.ground([random.between(20, 50), random.between(10, 40), random.between(76, 88)]);
	pen.ground([40, 20, 94], y);
	const rows = [y, y + 9, y + 21, y + 37, 140];
	repeat(4, row => {
		const [far, near] = [12 + 5 * row, 17 + 5 * row];
		const [top, bottom] = [rows[row], rows[row + 1]];
		for (let tile = -7; tile < 7; tile++) {
			if ((tile + row) % 2 === 0) pen.polygon([[64 + tile * far, top], [64 + (tile + 1) * far, top], [64 + (tile + 1) * near, bottom], [64 + tile * near, bottom]], filled(dark));
		}
	});
	return y;
};

export const table: Background = (pen, random) => {
	const y = random.between(80, 92);
	pen.ground([random.between(0, 360), random.between(15, 40), random.between(70, 86)]);
	const wood: Hsl = [26, 50, 42 + random.between(-5, 5)];
	pen.ground(wood, y);
	pen.rect(0, y, 128, 4, 0, filled(lighter(wood, 12)));
	for (const seam of [y + 14, y + 26]) pen.line([0, seam], [128, seam], darker(wood, 7), 1.8);
	const hasWindow = random.chance(0.6);
	if (hasWindow) {
		const x = random.pick([random.between(4, 18), random.between(80, 96)]);
		const frame: Hsl = [25, 40, 40];
		pen.rect(x, 10, 30, 28, 0, outlined([200, 65, 84], 3, frame));
		pen.line([x + 15, 10], [x + 15, 38], frame, 2.4);
		pen.line([x, 24], [x + 30, 24], frame, 2.4);
	}
	return y;
};
