import {createHash} from 'node:crypto';
import {readFile} from 'node:fs/promises';
import path from 'node:path';
import {createTokenizer, loadTokenizer, splitIntoChunks, tokenizePrompt, type Tokenizer} from '../../src/train/models/tokenizer.ts';
import {clipVocabulary} from '../../src/train/models/vocabulary.ts';
import {openSafetensors} from '../../src/train/weights/index.ts';
import type {Check, Section} from './check.ts';

interface Prompt {
	readonly prompt: string;
	readonly ids: readonly number[];
}

const exact = (name: string, found: ArrayLike<number>, expected: ArrayLike<number>): Check => ({
	name: `${name} (differing ids)`,
	worst: found.length === expected.length ? Array.from(found).filter((id, i) => id !== expected[i]).length : Infinity,
	tolerance: 0,
});

export const tokenizer: Section = {
	title: '12. tokenizer',
	async *run(fixtures) {
		const read = async <T>(...parts: string[]): Promise<T> => JSON.parse(await readFile(path.join(fixtures, ...parts), 'utf8')) as T;

		const {prompts, merges_sha256: sha256} = await read<{prompts: Prompt[]; merges_sha256: string}>('tokenizer', 'prompts.json');
		const {merges} = clipVocabulary();
		const found = createHash('sha256').update(merges.join('\n')).digest('hex');
		yield {name: 'SHA-256 of the merges (0 = equal)', worst: Number(found !== sha256), tolerance: 0};
		const clip = loadTokenizer('clip');
		for (const {prompt, ids} of prompts) yield exact(JSON.stringify(prompt).slice(0, 50), clip.encode(prompt), ids);

		const tiny = await read<{vocabulary: string[]; merges: string[]; unknown_token: string; prompts: Prompt[]}>('tokenizer', 'tiny-vocabulary.json');
		const tinyTokenizer = createTokenizer({
			ids: new Map(tiny.vocabulary.map((token, id) => [token, id])),
			merges: tiny.merges,
			special: new Map(),
			unknownToken: tiny.unknown_token,
			padToken: tiny.unknown_token,
		});
		for (const {prompt, ids} of tiny.prompts) yield exact(`tiny vocabulary ${JSON.stringify(prompt)}`, tinyTokenizer.encode(prompt), ids);

		yield* folderChecks(fixtures, await read('formats', 'formats.json'));
		yield* promptRowChecks(path.join(fixtures, 'clip-full-vocabulary'), clip);
		for (const encoder of ['clip-quick-gelu', 'clip-gelu']) yield* chunkChecks(path.join(fixtures, encoder));
	},
};

/** Rows of 77 with start, end and padding. */
async function* promptRowChecks(folder: string, clip: Tokenizer): AsyncGenerator<Check> {
	const {prompts} = JSON.parse(await readFile(path.join(folder, 'cases.json'), 'utf8')) as {prompts: string[]};
	const cases = await openSafetensors(path.join(folder, 'cases.safetensors'));
	const ids = await cases.readInt32('input_ids');
	yield exact('clip-full-vocabulary prompts', prompts.flatMap(prompt => [...tokenizePrompt(clip, prompt)]), ids);
	await cases.close();
}

async function* folderChecks(fixtures: string, {prompt, negative_prompt: negative}: {prompt: string; negative_prompt: string}): AsyncGenerator<Check> {
	const folder = loadTokenizer(path.join(fixtures, 'formats', 'pipeline', 'tokenizer'));
	const images = await openSafetensors(path.join(fixtures, 'formats', 'images.safetensors'));
	yield exact('pipeline folder: prompt', tokenizePrompt(folder, prompt), await images.readInt32('prompt_ids'));
	yield exact('pipeline folder: negative prompt', tokenizePrompt(folder, negative), await images.readInt32('negative_ids'));
	await images.close();
}

async function* chunkChecks(folder: string): AsyncGenerator<Check> {
	const {long_prompts: long} = JSON.parse(await readFile(path.join(folder, 'cases.json'), 'utf8')) as {long_prompts: {eos_id: number; pad_id: number}};
	const cases = await openSafetensors(path.join(folder, 'cases.safetensors'));
	for (const name of cases.tensors.keys()) {
		if (!name.startsWith('long.') || !name.endsWith('/input_ids')) continue;
		const prefix = name.slice(0, -'/input_ids'.length);
		const chunks = splitIntoChunks(await cases.readInt32(name), {eos: long.eos_id, pad: long.pad_id});
		yield exact(`${path.basename(folder)} ${prefix}`, chunks, await cases.readInt32(`${prefix}/chunks`));
	}
	await cases.close();
}
