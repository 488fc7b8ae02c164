import {afterAll, describe, expect, it} from 'vitest';
import {closeModels, demoModel} from '../train/demo-model.ts';
import {removeFolders, smallConfig, trainingRun} from '../train/training-run.ts';

afterAll(closeModels);
afterAll(removeFolders);

/** Each word is a token of its own or more. */
const long = `a photo of sks robot${' on the table'.repeat(30)}`;

describe('5. the longest prompt', () => {
	it.each([[75, 77], [150, 152], [225, 227], [300, 302]])('of %d tokens gives %d text states, of short prompts too', async (maxTokenLength, states) => {
		const model = await demoModel({maxTokenLength});
		for (const prompt of [long, 'a photo of sks robot', '']) {
			const values = model.encodePrompts([prompt], model.chunks(prompt));
			expect(values.length / model.contextWidth).toBe(states);
			expect(model.stateCount(prompt)).toBe(states);
		}
		// The first piece is what 75 tokens are.
		const short = (await demoModel({maxTokenLength: 75})).encodePrompts([long]).subarray(0, 76 * model.contextWidth);
		const pieces = model.encodePrompts([long], maxTokenLength / 75);
		expect(short.every((value, i) => Math.abs(value - pieces[i]) < 1e-4)).toBe(true);
	});

	it('lets what stands beyond 75 tokens change the loss, and not otherwise', async () => {
		const run = async (maxTokenLength: number, tail: string) => trainingRun(smallConfig({maxTokenLength, maxSteps: 1, batchSize: 1, concepts: [{instancePrompt: `${long} ${tail}`}]}));
		const loss = async (maxTokenLength: number, tail: string) => (await run(maxTokenLength, tail)).said('step')[0].loss;
		const cut = await run(75, 'in the snow');
		expect(cut.said('warning').map(({message}) => message)).toEqual([expect.stringMatching(/^1 prompt is longer than 75 tokens\. What is cut: ".*maxTokenLength/)]);
		expect(await loss(75, 'on the beach')).toBe(cut.said('step')[0].loss);
		const [snow, beach] = [await loss(150, 'in the snow'), await loss(150, 'on the beach')];
		expect(snow).not.toBe(beach);
		expect(snow).not.toBe(cut.said('step')[0].loss);
	});
});
