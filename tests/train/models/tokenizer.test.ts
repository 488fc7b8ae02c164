import {cp, mkdtemp, rm, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {build} from 'esbuild';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {loadTokenizer, tokenizePrompt} from '../../../src/train/models/tokenizer.ts';

const pipelineTokenizer = new URL('../../fixtures/formats/pipeline/tokenizer', import.meta.url).pathname;

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(path.join(os.tmpdir(), 'tokenizer-'));
});
afterEach(() => rm(folder, {recursive: true}));

async function copyWith(files: readonly string[]): Promise<void> {
	for (const file of files) await cp(path.join(pipelineTokenizer, file), path.join(folder, file));
}

test('both layouts of a tokenizer folder give the same ids', async () => {
	await copyWith(['vocab.json', 'merges.txt', 'tokenizer_config.json']);
	const classic = loadTokenizer(folder);
	await rm(path.join(folder, 'vocab.json'));
	await copyWith(['tokenizer.json']);
	const single = loadTokenizer(folder);
	const prompt = 'A photo of <|endoftext|> the sks dog, 4k <unusual> ☆';
	expect(single.encode(prompt)).toEqual(classic.encode(prompt));
	expect(classic.encode(prompt)).toContain(classic.eos);
	expect([single.bos, single.eos, single.pad, single.vocabularySize]).toEqual([classic.bos, classic.eos, classic.pad, classic.vocabularySize]);
});

test('a prompt is one row of start, words, end and padding', () => {
	const clip = loadTokenizer('clip');
	const row = tokenizePrompt(clip, 'a photo of sks dog');
	expect([...row]).toEqual([49_406, 320, 1125, 539, 48_136, 1929, ...Array.from({length: 71}, () => 49_407)]);
	expect(clip.vocabularySize).toBe(49_408);
});

test('a prompt beyond 75 tokens is cut, or carried over into further chunks', () => {
	const clip = loadTokenizer('clip');
	const prompt = 'dog '.repeat(100);
	expect(tokenizePrompt(clip, prompt).filter(id => id === 1929)).toHaveLength(75);
	const chunks = tokenizePrompt(clip, prompt, {chunks: 2});
	expect(chunks).toHaveLength(2 * 77);
	expect(chunks.filter(id => id === 1929)).toHaveLength(100);
	expect([chunks[0], chunks[76], chunks[77], chunks[153]]).toEqual([49_406, 49_407, 49_406, 49_407]);
});

test('the pad token of the folder fills prompts up, as SD 2 does with "!"', async () => {
	await copyWith(['vocab.json', 'merges.txt']);
	await writeFile(path.join(folder, 'special_tokens_map.json'), JSON.stringify({pad_token: {content: '!', lstrip: false}}));
	const tokenizer = loadTokenizer(folder);
	expect(tokenizer.pad).toBe(0);
	expect([...tokenizePrompt(tokenizer, '')]).toEqual([tokenizer.bos, tokenizer.eos, ...Array.from({length: 75}, () => 0)]);
	expect(tokenizer.encode('no!')).toEqual([...tokenizer.encode('no'), 0]);
});

test('a missing or broken tokenizer file is named', async () => {
	expect(() => loadTokenizer(folder)).toThrow(`Cannot read ${path.join(folder, 'tokenizer.json')}`);
	await copyWith(['vocab.json', 'merges.txt']);
	await writeFile(path.join(folder, 'merges.txt'), '#version: 0.2\ni n\nbroken\n');
	expect(() => loadTokenizer(folder)).toThrow('merges.txt: merge 2 is "broken"');
	await writeFile(path.join(folder, 'vocab.json'), '{"a": "one"}');
	expect(() => loadTokenizer(folder)).toThrow('vocab.json is not a table of tokens and their ids');
});

test("CLIP's own vocabulary is found from a bundled program too", async () => {
	const outfile = path.resolve(import.meta.dirname, '../../../node_modules/.cache', `${path.basename(folder)}.mjs`);
	const source = new URL('../../../src/train/models/tokenizer.ts', import.meta.url).pathname;
	await build({entryPoints: [source], bundle: true, platform: 'node', format: 'esm', outfile, logLevel: 'error'});
	try {
		const bundled = (await import(outfile)) as {loadTokenizer: typeof loadTokenizer};
		expect(bundled.loadTokenizer('clip').encode('a dog')).toEqual([320, 1929]);
	} finally {
		await rm(outfile);
	}
});
