import {readdir, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {describe, expect, test} from 'vitest';
import {allClassImages, planClassImages, readPngText, writeClassImage, type ClassImageNeeds, type ClassImagePlan} from '../../../src/train/data/index.ts';
import {gradient, temporaryFolder} from './folder.ts';

const folder = temporaryFolder();
const square = {width: 4, height: 4};
const wide = {width: 6, height: 2};
const picture = {...square, pixels: new Uint8Array(48)};
const needs = (changes: Partial<ClassImageNeeds> = {}): ClassImageNeeds => ({folder: folder.file('class'), wanted: [{prompt: 'a photo of a dog', count: 4, ...square}], sizes: [square], recipe: () => 'base ddim 20', seed: 100, ...changes});
const generate = async ({toGenerate}: ClassImagePlan, count = toGenerate.length) => {
	for (const planned of toGenerate.slice(0, count)) await writeClassImage(planned, picture);
};

describe('planClassImages', () => {
	test('a folder that does not exist yet: everything is to be made, with seeds of its own and inside the folder', async () => {
		const {existing, toGenerate} = await planClassImages(needs());
		expect(existing).toEqual([]);
		expect(toGenerate.map(({seed}) => seed)).toEqual([100, 101, 102, 103]);
		expect(new Set(toGenerate.map(({file}) => file)).size).toBe(4);
		expect(toGenerate.every(({file}) => path.dirname(file) === folder.file('class'))).toBe(true);
	});

	test('an interrupted generation goes on with the images that are missing', async () => {
		const before = await planClassImages(needs());
		await generate(before, 3);
		const after = await planClassImages(needs());
		expect(after.existing.map(({file}) => file)).toEqual(before.toGenerate.slice(0, 3).map(({file}) => file));
		expect(after.toGenerate).toEqual(before.toGenerate.slice(3));
		await generate(after);
		expect((await planClassImages(needs())).toGenerate).toEqual([]);
	});

	test('a damaged image is made anew', async () => {
		const before = await planClassImages(needs());
		await generate(before);
		await writeFile(before.toGenerate[1].file, 'half an ima');
		expect((await planClassImages(needs())).toGenerate).toEqual([before.toGenerate[1]]);
	});

	test('more needed than before: only the others; fewer needed: none', async () => {
		await generate(await planClassImages(needs()));
		const more = await planClassImages(needs({wanted: [{prompt: 'a photo of a dog', count: 6, ...square}]}));
		expect([more.existing.length, more.toGenerate.map(({seed}) => seed)]).toEqual([4, [104, 105]]);
		const fewer = await planClassImages(needs({wanted: [{prompt: 'a photo of a dog', count: 2, ...square}]}));
		expect([fewer.existing.length, fewer.toGenerate.length]).toEqual([2, 0]);
	});

	test.each([['prompt', {wanted: [{prompt: 'a photo of a cat', count: 4, ...square}]}], ['recipe', {recipe: () => 'other base ddim 20'}]])('images of another %s are left alone', async (_, changes) => {
		await generate(await planClassImages(needs()));
		const other = await planClassImages(needs(changes));
		expect([other.existing.length, other.toGenerate.length]).toEqual([0, 4]);
		await generate(other);
		expect((await readdir(folder.file('class'))).length).toBe(8);
	});

	test('the person\'s own images count for any prompt; more of them than needed are drawn by the seed', async () => {
		for (let i = 0; i < 3; i++) await gradient(8, 8).jpeg().toFile(folder.file(`own-${i}.jpg`));
		const some = await planClassImages(needs({folder: folder.path, wanted: [{prompt: 'a dog', count: 2, ...square}, {prompt: 'a wet dog', count: 2, ...square}]}));
		expect(some.existing.map(({prompt}) => prompt)).toEqual(['a dog', 'a dog', 'a wet dog']);
		expect(some.toGenerate.map(({prompt}) => prompt)).toEqual(['a wet dog']);
		const choices = await Promise.all(Array.from({length: 30}, (_, seed) => planClassImages(needs({folder: folder.path, wanted: [{prompt: 'a dog', count: 1, ...square}], seed}))));
		expect(new Set(choices.map(({existing}) => path.basename(existing[0].file)))).toEqual(new Set(['own-0.jpg', 'own-1.jpg', 'own-2.jpg']));
	});

	test('a generated image says its prompt, recipe and seed', async () => {
		const plan = await planClassImages(needs());
		await generate(plan, 2);
		expect(await readPngText(plan.toGenerate[1].file)).toEqual({class_prompt: 'a photo of a dog', class_recipe: 'base ddim 20', seed: '101'});
	});

	test('images are counted by size: own ones by the size that is nearest, generated ones by the recipe of theirs', async () => {
		for (const [name, width] of [['a', 9], ['b', 30], ['c', 32]] as const) await gradient(width, 10).png().toFile(folder.file(`${name}.png`));
		const both = needs({folder: folder.path, sizes: [square, wide], wanted: [{prompt: 'a dog', count: 2, ...square}, {prompt: 'a dog', count: 3, ...wide}], recipe: ({width, height}) => `base ${width}x${height}`});
		const plan = await planClassImages(both);
		const named = ({existing}: ClassImagePlan) => existing.map(({file, width, height}) => `${path.basename(file)} ${width}x${height}`).sort();
		expect(named(plan)).toEqual(['a.png 4x4', 'b.png 6x2', 'c.png 6x2']);
		expect(plan.toGenerate.map(({width, height, recipe}) => [width, height, recipe])).toEqual([[4, 4, 'base 4x4'], [6, 2, 'base 6x2']]);
		await writeClassImage(plan.toGenerate[0], picture);
		await writeClassImage(plan.toGenerate[1], {...wide, pixels: new Uint8Array(36)});
		const again = await planClassImages(both);
		expect([again.existing.length, again.toGenerate]).toEqual([5, []]);
	});
});

describe('allClassImages', () => {
	test('is every image of the folder, in the size that is nearest, with the prompt made for it or the one that it was made from', async () => {
		const {toGenerate} = await planClassImages(needs({folder: folder.path, wanted: [{prompt: 'a wet dog', count: 1, ...square}]}));
		await writeClassImage(toGenerate[0], picture);
		await gradient(30, 10).png().toFile(folder.file('own.png'));
		const images = await allClassImages(folder.path, [square, wide], async file => `a dog, ${path.basename(file)}`);
		expect(images.map(({prompt, width, height}) => [prompt, width, height])).toEqual([['a wet dog', 4, 4], ['a dog, own.png', 6, 2]]);
	});

	test('an empty folder is an error that says what to do', async () => {
		await expect(allClassImages(folder.path, [square], async () => '')).rejects.toMatchObject({name: 'DataError', action: expect.stringContaining('classMatching')});
	});
});
