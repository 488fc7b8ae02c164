import {createHash} from 'node:crypto';
import {describe, expect, test} from 'vitest';
import {backgroundNames, classes, colours, scene} from '../../../src/train/world/index.ts';
import reference from './reference.json' with {type: 'json'};

const scenes = Array.from({length: 3000}, (_, index) => scene(3, index));
const shareOf = (holds: (each: (typeof scenes)[number]) => boolean): number => scenes.filter(each => holds(each)).length / scenes.length;

/** The drawing with its numbers as numbers: "20.0" is "20". */
const drawingOf = (svg: string): string => createHash('sha256').update(svg.replaceAll(/#[0-9a-f]{6}|-?\d+(?:\.\d+)?/g, found => (found.startsWith('#') ? found : String(Number(found))))).digest('hex').slice(0, 16);

describe('a scene', () => {
	test('is the same for the same seed and index, and another for others', () => {
		expect(scene(3, 7)).toEqual(scenes[7]);
		expect(new Set([...scenes, scene(4, 7), scene(3, 7, {heldOut: true})].map(({svg}) => svg)).size).toBe(scenes.length + 2);
	});

	test('is drawn and told as by the Python program that the first base model was trained with', () => {
		expect(reference.map((_, index) => scene(0, index)).map(({svg, caption}) => ({caption, drawing: drawingOf(svg)}))).toEqual(reference);
	});

	test('of a training series is never held out', () => {
		const heldOut = new Set(Array.from({length: 300}, (_, index) => [0, 1, 2].map(seed => scene(seed, index, {heldOut: true}).svg)).flat());
		expect(heldOut.size).toBe(900);
		for (const seed of [0, 1, 2]) {
			for (let index = 0; index < 300; index++) expect(heldOut.has(scene(seed, index).svg)).toBe(false);
		}
	});

	test('shows every class, colour and background, as main thing and as second one', () => {
		expect(new Set(scenes.map(({facts}) => facts.class))).toEqual(new Set(classes));
		expect(new Set(scenes.map(({facts}) => facts.colour))).toEqual(new Set([...colours, undefined]));
		expect(new Set(scenes.map(({facts}) => facts.background))).toEqual(new Set([...backgroundNames, 'plain']));
		expect(new Set(scenes.map(({facts}) => facts.ground))).toEqual(new Set([...colours, undefined]));
		expect(new Set(scenes.map(({facts}) => facts.other?.class))).toEqual(new Set([...classes, undefined]));
	});

	test('has a plain background, a name for its colour and outlines only as often as it should', () => {
		expect(shareOf(({facts}) => facts.background === 'plain')).toBeCloseTo(0.28, 1);
		expect(shareOf(({facts}) => facts.colour !== undefined)).toBeCloseTo(0.78 * 0.95, 1);
		expect(shareOf(({facts}) => facts.sketch)).toBeCloseTo(0.05, 1);
		expect(shareOf(({facts}) => facts.class === 'robot')).toBeCloseTo(3.2 / 15.3, 1);
	});

	test('has never a thing of the colour that it stands on', () => {
		expect(scenes.filter(({facts}) => facts.colour !== undefined && facts.colour === facts.ground)).toEqual([]);
	});
});

describe('a caption', () => {
	const one = (names: readonly string[]): string => `(?:${names.join('|')})`;
	const noun = one(classes);
	const colour = one(colours);
	const places = ['on snow', 'in the snow', 'on grass', 'in a meadow', 'on the beach', 'on a beach', 'at night', 'in the desert', 'underwater', 'under the sea', 'in the city', 'in a city', 'on a checkered floor', 'in space', 'in the forest', 'in a forest', 'on a table', 'on a wooden table'];
	const grammar = new RegExp([
		'^(?:a photo of |a picture of |an image of |a drawing of |a sketch of )?',
		`(?:an? )?(?:small |big )?(?:${colour} )?(?:[a-z]{2,5} )?${noun}`,
		`(?: wearing an? (?:${colour} )?hat)?(?: holding an? (?:${colour} )?balloon)?`,
		`(?: (?:next to|and|beside) an? (?:${colour} )?${noun})?`,
		`(?: ${one([...places, `on an? ${colour} background`])})?(?:,? on the (?:left|right))?$`,
	].join(''));

	test('keeps to the grammar', () => {
		expect(scenes.map(({caption}) => caption).filter(caption => !grammar.test(caption))).toEqual([]);
		expect(scenes.map(({caption}) => caption).filter(caption => /\ba [aeiou]|\ban [^aeiou]|\bsks\b/.test(caption))).toEqual([]);
	});

	test('says nothing that is not shown', () => {
		for (const {caption, facts} of scenes) {
			expect(caption).toContain(facts.class);
			const shown = [facts.colour, facts.ground, facts.hat, facts.balloon, facts.other?.colour];
			for (const name of colours) {
				if (new RegExp(`\\b${name}\\b`).test(caption)) expect(shown).toContain(name);
			}
			if (/\bhat\b/.test(caption)) expect(facts.hat).toBeDefined();
			if (/\bballoon\b/.test(caption)) expect(facts.balloon).toBeDefined();
			if (/on the (?:left|right)$/.test(caption)) expect(caption).toMatch(new RegExp(`${facts.side}$`));
		}
	});
});
