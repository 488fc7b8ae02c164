import {describe, expect, test} from 'vitest';
import {demoPrompts, evaluateDemo, type Attributes, type DemoPrompt, type Picture} from '../../../src/train/demo/index.ts';

/** A picture that only says which prompt it was made for: its width is the prompt's number and a bit. */
const pictureOf = (number: number): Picture => ({width: number + 1, height: 1, pixels: new Uint8Array()});

/** Evaluates pictures of which two judges see what the test says, by the number of the prompt. */
const evaluate = (similarity: (prompt: DemoPrompt) => number, attributes: (prompt: DemoPrompt) => Partial<Attributes> = () => ({})) =>
	evaluateDemo(
		async function * (prompts) {
			for (const number of prompts.keys()) yield pictureOf(number);
		},
		{
			subject: {similarity: ({width}) => ({similarity: similarity(demoPrompts[width - 1]), correlation: 0.5, colour: 1})},
			probe: {attributes: pictures => pictures.map(({width}) => ({class: 'robot', scene: 'plain', ground: 'gray', colour: 'red', ...attributes(demoPrompts[width - 1])}))},
		},
	);

describe('the evaluation of a demo', () => {
	test('asks for the subject, its class, places and grounds, never twice with one seed', () => {
		const among = (isMeant: (prompt: string) => boolean) => demoPrompts.filter(({prompt}) => isMeant(prompt)).length;
		expect(among(prompt => prompt === 'a photo of sks robot')).toBe(24);
		expect(among(prompt => prompt === 'a photo of a robot')).toBe(16);
		expect(among(prompt => prompt.startsWith('a photo of sks robot '))).toBe(24);
		expect(demoPrompts).toHaveLength(64);
		expect(new Set(demoPrompts.map(({seed}) => seed)).size).toBe(demoPrompts.length);
	});

	test('counts what shows the subject, by group', async () => {
		const figures = await evaluate(({prompt, seed}) => (prompt === 'a photo of sks robot' ? (seed % 2 === 0 ? 0.2 : 0.1) : prompt.includes('sks') ? 0.3 : 0.02));
		expect(figures.instance).toMatchObject({pictures: 24, hits: 12, correlation: 0.5});
		expect(figures.instance.similarity).toBeCloseTo(0.15, 6);
		expect(figures.context.similarity).toBeCloseTo(0.3, 6);
		expect(figures.class).toMatchObject({pictures: 16, leaked: 0, robots: 16});
	});

	test('a scene is as asked when the probe sees the place or the colour of the ground, and counts doubly with the subject in it', async () => {
		const words: readonly (readonly [string, Partial<Attributes>])[] = [['on snow', {scene: 'snow'}], ['underwater', {scene: 'sea'}], ['red background', {ground: 'red'}]];
		const seen = ({prompt}: DemoPrompt) => words.find(([word]) => prompt.endsWith(word))?.[1] ?? {};
		const figures = await evaluate(({prompt}) => (prompt.endsWith('on snow') || prompt.endsWith('in space') ? 0.2 : 0), seen);
		expect(figures.context).toMatchObject({pictures: 24, sceneAsAsked: 6, both: 2});
	});

	test('class pictures that show the subject have leaked, and what is no robot any more is not counted as one', async () => {
		const figures = await evaluate(({prompt}) => (prompt.includes('sks') ? 0 : 0.12), ({seed}) => (seed % 4 === 0 ? {class: 'monster'} : {}));
		expect(figures.class).toMatchObject({leaked: 16, robots: 12});
	});
});
