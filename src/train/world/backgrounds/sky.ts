import {anyShade, lighter, type Hsl} from '../colours.ts';
import {filled, stroked} from '../pen.ts';
import {repeat, type Background} from './background.ts';

export const night: Background = (pen, random) => {
	const y = random.between(74, 92);
	pen.ground([234 + random.between(-8, 8), 50, 16]);
	repeat(16, () => pen.circle(random.between(0, 128), random.between(0, y), random.between(0.9, 1.8), filled([50, 60, 88])));
	const [moonX, moonY] = [random.between(16, 112), random.between(14, 28)];
	const shadow: Hsl = [234, 50, 16];
	pen.circle(moonX, moonY, 10, filled([48, 55, 84]));
	pen.circle(moonX + 5, moonY - 3, 8.5, filled(shadow));
	pen.ground([235, 32, 25], y);
	return y;
};

export const space: Background = (pen, random) => {
	pen.ground([255 + random.between(-12, 12), 45, 9]);
	repeat(24, () => pen.circle(random.between(0, 128), random.between(0, 128), random.between(0.8, 1.7), filled([0, 0, random.between(75, 100)])));
	const x = random.pick([random.between(10, 26), random.between(102, 118)]);
	const y = random.between(14, 36);
	const planet = anyShade(random);
	pen.circle(x, y, random.between(9, 14), filled(planet));
	pen.ellipse(x, y, 20, 4.5, stroked(lighter(planet, 18), 2.2));
	return random.between(92, 104);
};
