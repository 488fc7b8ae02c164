import {describe, expect, it} from 'vitest';
import {classPromptOf, instancePromptOf} from '../../src/train/data/index.ts';

/** Settings.md's table of prompt building: what stands in the text, the instance prompt, the class prompt. */
const both = {instanceToken: 'sks', classToken: 'dog'};
const rows = [
	['both tokens: text has both', both, 'a photo of sks dog', 'a photo of sks dog', 'a photo of dog'],
	['both tokens: text has the class only', both, 'photo of a dog on the beach', 'photo of sks on the beach', 'photo of a dog on the beach'],
	['every class word is replaced, with its article', both, 'The dog and an old dog, the dogs', 'sks and an old sks, the dogs', 'The dog and an old dog, the dogs'],
	['both tokens: text has the subject only', both, 'a photo of sks', 'a photo of sks', 'a photo of dog'],
	['both tokens: text has neither', both, 'on the beach', 'sks, on the beach', 'dog, on the beach'],
	['words are whole and of any case', both, 'a DOG in a doghouse', 'sks in a doghouse', 'a DOG in a doghouse'],
	['only the instance token: always in front', {instanceToken: 'sks'}, 'sks on the beach', 'sks, sks on the beach', 'sks on the beach'],
	['only the class token: always in front of the class prompt', {classToken: 'dog'}, 'a dog', 'a dog', 'dog, a dog'],
	['no tokens: as it is written', {}, 'a  photo of sks dog', 'a  photo of sks dog', 'a  photo of sks dog'],
	['backslashes go, whitespace is collapsed', both, String.raw`sks \(smiling\)   dog`, 'sks (smiling) dog', '(smiling) dog'],
	['tokens with special characters', {instanceToken: 's+k(s)*', classToken: 'dog.'}, 'photo of s+k(s)* dog.', 'photo of s+k(s)* dog.', 'photo of dog.'],
	['a dollar sign in a token means nothing', {instanceToken: '$&sks', classToken: 'dog'}, 'photo of a dog', 'photo of $&sks', 'photo of a dog'],
	['letters of any script are letters', {instanceToken: 'зук', classToken: 'кот'}, 'кот и котёнок', 'зук и котёнок', 'кот и котёнок'],
] as const;

describe('19. the prompt table', () => {
	it.each(rows)('%s', (_, tokens, text, instancePrompt, classPrompt) => {
		expect(instancePromptOf(text, '', tokens)).toBe(instancePrompt);
		expect(classPromptOf(text, '', tokens)).toBe(classPrompt);
	});

	it('captions are put in first', () => {
		expect(instancePromptOf('[filewords], photo', 'a dog in snow', both)).toBe('sks in snow, photo');
		expect(classPromptOf('[filewords]', 'sks in snow', both)).toBe('dog in snow');
	});
});
