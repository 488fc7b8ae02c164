import {expect, test} from 'vitest';
import {renderScene, renderScenes, scene, type ColourName} from '../../../src/train/world/index.ts';

/** What people call by these names, each somewhere in the middle. */
const named: Readonly<Record<ColourName, readonly [number, number, number]>> = {
	red: [220, 30, 25], orange: [246, 145, 30], yellow: [247, 210, 38], green: [48, 166, 64], blue: [32, 110, 224], purple: [138, 55, 181],
	pink: [242, 125, 176], brown: [125, 78, 44], gray: [134, 139, 147], white: [240, 243, 246], black: [34, 35, 43],
};

const nearest = (rgb: readonly number[]): string => {
	const distances = Object.entries(named).map(([name, centre]) => [name, Math.hypot(...centre.map((value, i) => value - rgb[i]))] as const);
	return distances.sort(([, a], [, b]) => a - b)[0][0];
};

test('a plain background has the colour that its caption names', async () => {
	const plain = Array.from({length: 300}, (_, index) => scene(1, index)).filter(({facts}) => facts.ground !== undefined);
	const pictures = await renderScenes(plain.map(({svg}) => svg), 32);
	expect(new Set(plain.map(({facts}) => facts.ground)).size).toBe(11);
	expect(pictures.map(pixels => nearest([...pixels.subarray(0, 3)]))).toEqual(plain.map(({facts}) => facts.ground));
});

test.each([32, 64, 100])('scenes rendered together are those rendered alone, but for the last bit, in %d pixels', async size => {
	const svgs = Array.from({length: 18}, (_, index) => scene(2, index).svg);
	const together = await renderScenes(svgs, size);
	for (const [i, svg] of svgs.entries()) {
		const alone = await renderScene(svg, size);
		expect(alone.length).toBe(size * size * 3);
		expect(Math.max(...Array.from(alone, (value, at) => Math.abs(value - together[i][at])))).toBeLessThanOrEqual(1);
	}
});

test('a scene looks the same in every size', async () => {
	const {svg} = scene(0, 9);
	const [small, large] = [await renderScene(svg, 32), await renderScene(svg, 64)];
	let difference = 0;
	for (let y = 0; y < 32; y++) {
		for (let x = 0; x < 96; x++) {
			const [column, channel] = [Math.floor(x / 3), x % 3];
			const at = (row: number, place: number) => large[((2 * y + row) * 64 + 2 * column + place) * 3 + channel];
			difference += Math.abs(small[y * 96 + x] - (at(0, 0) + at(0, 1) + at(1, 0) + at(1, 1)) / 4);
		}
	}
	expect(difference / (32 * 96)).toBeLessThan(2);
});
