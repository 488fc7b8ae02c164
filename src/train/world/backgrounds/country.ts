import {darker, lighter, type Hsl} from '../colours.ts';
import {d, filled, stroked} from '../pen.ts';
import {repeat, type Background} from './background.ts';

export const snow: Background = (pen, random) => {
	const sky: Hsl = [205 + random.between(-8, 8), 45, 80 + random.between(-5, 5)];
	const y = random.between(72, 90);
	pen.ground(sky);
	const hasMountain = random.chance(0.6);
	if (hasMountain) {
		const x = random.between(10, 110);
		pen.polygon([[x - 40, y + 2], [x, y - random.between(20, 36)], [x + 40, y + 2]], filled([215, 25, 70]));
	}
	pen.path(d`M0 ${y}Q32 ${y - 6} 64 ${y}T128 ${y}V128H0Z`, filled([205, 30, 96]));
	repeat(14, () => pen.circle(random.between(0, 128), random.between(0, 128), random.between(1.3, 2.3), filled([0, 0, 100])));
	return y;
};

export const grass: Background = (pen, random) => {
	const y = random.between(70, 90);
	pen.ground([203 + random.between(-8, 8), 75, 76]);
	const green: Hsl = [105 + random.between(-12, 12), 50, 46 + random.between(-4, 4)];
	const hasSun = random.chance(0.6);
	if (hasSun) pen.circle(random.between(15, 113), random.between(12, 24), 9, filled([50, 95, 62]));
	const hasCloud = random.chance(0.5);
	if (hasCloud) {
		const [cloudX, cloudY] = [random.between(20, 100), random.between(14, 34)];
		pen.ellipse(cloudX, cloudY, 15, 6, filled([0, 0, 98]));
		pen.ellipse(cloudX + 9, cloudY - 4, 9, 6, filled([0, 0, 98]));
	}
	pen.ground(green, y);
	repeat(9, () => {
		const [tuftX, tuftY] = [random.between(3, 125), random.between(y + 6, 124)];
		pen.path(d`M${tuftX} ${tuftY}l-2.5 -5M${tuftX} ${tuftY}l2.5 -5`, stroked(darker(green, 12), 1.6));
	});
	return y;
};

export const beach: Background = (pen, random) => {
	const y = random.between(72, 88);
	const horizon = y - random.between(14, 24);
	pen.ground([197, 75, 78]);
	pen.rect(0, horizon, 128, 60, 0, filled([203, 70, 48]));
	pen.circle(random.between(14, 114), random.between(12, 26), 10, filled([46, 96, 60]));
	pen.path(d`M0 ${y}Q16 ${y - 5} 32 ${y}T64 ${y}T96 ${y}T128 ${y}V128H0Z`, filled([42 + random.between(-4, 4), 62, 72]));
	return y;
};

export const desert: Background = (pen, random) => {
	const y = random.between(72, 90);
	pen.ground([36, 85, 77]);
	const sand: Hsl = [27 + random.between(-4, 4), 66, 56];
	pen.path(d`M0 ${y}Q40 ${y - 22} 80 ${y - 4}T128 ${y - 6}V128H0Z`, filled(lighter(sand, 7)));
	pen.path(d`M0 ${y + 4}Q64 ${y - 4} 128 ${y + 5}V128H0Z`, filled(sand));
	const hasCactus = random.chance(0.7);
	if (hasCactus) {
		const x = random.pick([random.between(8, 28), random.between(100, 120)]);
		const green: Hsl = [135, 40, 34];
		pen.line([x, y + 12], [x, y - 18], green, 7);
		pen.path(d`M${x} ${y - 3}h-8v-9`, stroked(green, 5));
		pen.path(d`M${x} ${y + 2}h8v-9`, stroked(green, 5));
	}
	return y;
};

export const sea: Background = (pen, random) => {
	const y = random.between(92, 106);
	const water: Hsl = [200 + random.between(-8, 8), 70, 42];
	pen.ground(water);
	pen.rect(0, 0, 128, 34, 0, filled(lighter(water, 9)));
	pen.rect(0, 34, 128, 26, 0, filled(lighter(water, 4)));
	repeat(8, () => pen.circle(random.between(4, 124), random.between(4, 100), random.between(2, 4.5), stroked([195, 70, 82], 1.4)));
	pen.path(d`M0 ${y}Q32 ${y - 7} 64 ${y}T128 ${y}V128H0Z`, filled([44, 42, 56]));
	for (const x of [random.between(6, 30), random.between(98, 122)]) pen.path(d`M${x} 128q-8 -14 0 -26q8 -12 0 -24`, stroked([150, 50, 32], 5));
	return y;
};

export const forest: Background = (pen, random) => {
	const y = random.between(78, 92);
	pen.ground([140, 30, 62]);
	repeat(5, trunk => {
		const x = 8 + 28 * trunk + random.between(-8, 8);
		const width = random.between(7, 11);
		pen.rect(x - width / 2, 0, width, y + 2, 0, filled([25, 32, 24]));
		pen.circle(x, random.between(4, 16), 19, filled([138 + random.between(-8, 8), 48, 25 + random.between(-3, 6)]));
	});
	pen.ground([100, 38, 28], y);
	return y;
};
