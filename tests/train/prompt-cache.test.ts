import {expect, it} from 'vitest';
import {PromptCache} from '../../src/train/prompt-cache.ts';

/** Counts how often the text encoder works; states are the length of the prompt. */
function encoder() {
	const read: string[] = [];
	const encodePrompts = ([prompt]: readonly string[]) => {
		read.push(prompt);
		return Float32Array.of(prompt.length, 0, 0, 0);
	};
	return {read, tokens: () => new Int32Array(), encodePrompts};
}

it('the states of a prompt are computed once', () => {
	const model = encoder();
	const cache = new PromptCache(model, {trainsTextEncoder: false, chunks: 1});
	expect(['a', 'bc', 'a', 'bc', 'a'].map(prompt => cache.of(prompt)[0])).toEqual([1, 2, 1, 2, 1]);
	expect(model.read).toEqual(['a', 'bc']);
});

it('of more prompts than there is room for, those used last are kept', () => {
	const model = encoder();
	const cache = new PromptCache(model, {trainsTextEncoder: false, chunks: 1, bytes: 32});
	for (const prompt of ['a', 'b', 'a', 'c', 'a', 'b']) expect(cache.of(prompt)[0]).toBe(1);
	expect(model.read).toEqual(['a', 'b', 'c', 'b']);
});
