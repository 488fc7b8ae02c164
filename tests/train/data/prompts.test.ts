import {mkdir, writeFile} from 'node:fs/promises';
import {describe, expect, test} from 'vitest';
import {captionOf, imagePrompts} from '../../../src/train/data/index.ts';
import {temporaryFolder} from './folder.ts';

const folder = temporaryFolder();

describe('captionOf', () => {
	test('is the trimmed text beside the image', async () => {
		await writeFile(folder.file('x.txt'), '  a dog on a beach \n');
		expect(await captionOf(folder.file('x.png'))).toBe('a dog on a beach');
	});

	test.each([['01-23-a red dog.png', 'a red dog'], ['dog 2.jpeg', 'dog 2'], ['0001.png', ''], ['v1.2 dog.png', 'v1.2 dog']])('without a text it is the name: %s → "%s"', async (file, caption) => {
		expect(await captionOf(folder.file(file))).toBe(caption);
	});

	test('a caption that cannot be read is an error that names it', async () => {
		await mkdir(folder.file('x.txt'));
		await expect(captionOf(folder.file('x.png'))).rejects.toMatchObject({name: 'DataError', message: expect.stringContaining('x.txt')});
	});
});

describe('imagePrompts', () => {
	test('puts the caption in wherever [filewords] stands, in both prompts', async () => {
		await writeFile(folder.file('x.txt'), 'a dog costing $& dollars');
		expect(await imagePrompts({instancePrompt: 'sks, [filewords], [filewords]', classPrompt: 'photo of [filewords]'}, folder.file('x.png'))).toEqual({
			instancePrompt: 'sks, a dog costing $& dollars, a dog costing $& dollars',
			classPrompt: 'photo of a dog costing $& dollars',
		});
	});

	test('prompts without it stay as they are, and a concept without class prompt has none', async () => {
		expect(await imagePrompts({instancePrompt: 'a photo of  sks dog'}, folder.file('x.png'))).toEqual({instancePrompt: 'a photo of  sks dog', classPrompt: undefined});
	});

	test('an empty caption leaves no gap', async () => {
		expect((await imagePrompts({instancePrompt: 'photo [filewords] of sks'}, folder.file('001.png'))).instancePrompt).toBe('photo of sks');
	});
});
