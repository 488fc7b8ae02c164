import {afterAll, describe, expect, it} from 'vitest';
import {normals} from '../../src/train/random.ts';
import {closeModels, demoModel} from './demo-model.ts';
import {newFolder, removeFolders, smallConfig, trainingRun} from './training-run.ts';

afterAll(closeModels);
afterAll(removeFolders);

const losses = async (...settings: Parameters<typeof smallConfig>) => (await trainingRun(smallConfig(...settings))).said('step').map(({loss}) => loss);

describe('prompts without padding', () => {
	it('have the states of their words alone, as they are before the padding', async () => {
		const [padded, unpadded] = [await demoModel(), await demoModel({padTokens: false})];
		for (const prompt of ['', 'robot', 'a photo of sks robot on the beach']) {
			const states = unpadded.encodePrompts([prompt]);
			expect(states.length / unpadded.contextWidth).toBe(unpadded.tokenizer.encode(prompt).length + 2);
			// What a word means depends on the words before it only.
			const before = padded.encodePrompts([prompt]);
			expect(states.every((value, i) => Math.abs(value - before[i]) < 1e-4)).toBe(true);
		}
	});

	it('guide a sample beside a negative prompt of another length', async () => {
		const model = await demoModel({padTokens: false});
		const size = {count: 1, height: 8, width: 8};
		const latents = normals(8 * 8 * 4, {seed: 1, stream: 'test'});
		const [negative, positive] = ['', 'a photo of sks robot'].map(prompt => model.encodePrompts([prompt]));
		const alone = (states: Float32Array) => model.predict(latents, 500, {negative: states, positive: states}, {...size, guidance: 1});
		const [without, withPrompt] = [alone(negative), alone(positive)];
		const guided = model.predict(latents, 500, {negative, positive}, {...size, guidance: 5});
		expect(guided.every((value, i) => Math.abs(value - (without[i] + 5 * (withPrompt[i] - without[i]))) < 1e-3)).toBe(true);
	});

	it('train another loss, with class images and samples of other lengths', async () => {
		const concepts = [{classPrompt: 'a photo of a robot on a table', classImages: newFolder(), classImagesPerInstance: 1, classSamplingSteps: 1}];
		const settings = {batchSize: 1, maxSteps: 2, concepts, sampleEverySteps: 2, samplePrompts: ['a photo of sks robot', 'robot']} as const;
		const run = await trainingRun(smallConfig({...settings, padTokens: false}));
		expect(run.said('warning')).toEqual([]);
		expect(run.said('sample')).toHaveLength(4);
		const padded = await losses({...settings, concepts: [{...concepts[0], classImages: newFolder()}], sampleEverySteps: 0});
		run.said('step').forEach(({loss, priorLoss}, i) => {
			expect(priorLoss).toBeGreaterThan(0);
			expect(loss).not.toBe(padded[i]);
		});
	});
});

it('shuffled tags change what is trained, with a frozen text encoder too, and prompts without tags do not', async () => {
	const withTags = (shuffleTags: boolean) => losses({shuffleTags, trainTextEncoder: false, maxSteps: 2, concepts: [{instancePrompt: 'sks robot, red, on a table, small, from the side'}]});
	expect(await withTags(true)).not.toEqual(await withTags(false));
	const plain = (shuffleTags: boolean) => losses({shuffleTags, trainTextEncoder: false, maxSteps: 1});
	expect(await plain(true)).toEqual(await plain(false));
});

it('a caption that always drops out is the empty prompt', async () => {
	const settings = {maxSteps: 1, trainTextEncoder: false} as const;
	expect(await losses({...settings, captionDropout: 1})).toEqual(await losses({...settings, concepts: [{instancePrompt: ''}]}));
});
