import type {Concept, TrainingConfig} from '../../presets/index.ts';
import {beyond, type Tokenizer} from '../models/index.ts';
import type {Finding} from './finding.ts';
import type {InspectedImage} from './inspect-images.ts';

/** CLIP has 49 408; a small vocabulary knows no rare tokens. */
const FULL_VOCABULARY = 40_000;
/** BPE entries come in the order of their frequency, and among the last of them are sks and ohwx. */
const RARE_FROM = 0.6;
const MOST_NAMED = 3;

/** Words of almost every prompt: no subject is named so. */
const plainWords: ReadonlySet<string> = new Set('a an and art as at by drawing for from image in is it of on painting photo photograph picture portrait style the to with'.split(' '));

/** Prompts that are too long, and words that are no good name for a subject. */
export function lintTokens(images: readonly InspectedImage[], config: TrainingConfig, tokenizer: Tokenizer): Finding[] {
	return [
		...config.concepts.flatMap((_, concept) => longPrompts(images.filter(image => image.concept === concept), config, tokenizer)),
		...(tokenizer.vocabularySize < FULL_VOCABULARY ? [] : subjectNames(images, config, tokenizer)),
	];
}

function longPrompts(images: readonly InspectedImage[], {maxTokenLength}: TrainingConfig, tokenizer: Tokenizer): Finding[] {
	const prompts = images.flatMap(({instancePrompt, classPrompt = ''}) => [instancePrompt, classPrompt]);
	return [...new Set(prompts)].flatMap(prompt => {
		const rest = beyond(tokenizer, prompt, maxTokenLength);
		if (rest === '') return [];
		const of = images.filter(({instancePrompt, classPrompt}) => instancePrompt === prompt || classPrompt === prompt);
		return {
			kind: 'promptTooLong', concept: of[0].concept, files: of.map(({file}) => file),
			message: `A prompt has ${tokenizer.encode(prompt).length} tokens and ${maxTokenLength} are read. Cut off: "${rest}".`,
			cure: maxTokenLength < 300 ? 'Shorten the caption, or raise --max-token-length (up to 300).' : 'Shorten the caption.',
		} satisfies Finding;
	});
}

function subjectNames(images: readonly InspectedImage[], {concepts}: TrainingConfig, tokenizer: Tokenizer): Finding[] {
	const isRare = (word: string) => {
		const ids = tokenizer.encode(word);
		return ids.length === 1 && ids[0] >= RARE_FROM * tokenizer.vocabularySize;
	};
	const names = concepts.map((concept, index) => {
		const words = namesOf(concept, images.filter(image => image.concept === index));
		return {words, rare: words.filter(isRare)};
	});
	return names.flatMap(({words, rare}, concept): Finding[] => {
		const own = images.filter(image => image.concept === concept);
		const about = {concept, files: []} as const;
		if (rare.length === 0) return [withoutRareToken(words, concept, tokenizer)];
		const inClass = rare.filter(word => own.some(({classPrompt = ''}) => wordsOf(classPrompt).includes(word)));
		const shared = rare.filter(word => names.slice(0, concept).some(earlier => earlier.rare.includes(word)));
		return [
			...inClass.map(word => ({...about, kind: 'tokenInClassPrompt' as const, message: `The class prompt of concept ${concept + 1} names the subject too: "${word}".`, cure: 'Take it out: class images show what the subject is not.'})),
			...shared.map(word => ({...about, kind: 'sharedToken' as const, message: `Concept ${concept + 1} and an earlier one are both called "${word}".`, cure: 'Give each subject a rare word of its own.'})),
		];
	});
}

function withoutRareToken(words: readonly string[], concept: number, {encode}: Tokenizer): Finding {
	const split = words.map(word => ({word, pieces: encode(word).length})).filter(({pieces}) => pieces > 1);
	const cure = 'Name the subject by a rare word that is one token, such as sks or ohwx.';
	const about = {concept, files: [], cure} as const;
	if (split.length > 0) {
		const named = split.slice(0, MOST_NAMED).map(({word, pieces}) => `"${word}" (${pieces} tokens)`).join(', ');
		return {...about, kind: 'splitToken', message: `The prompt of concept ${concept + 1} has no rare word of one token: ${named} is read as several that mean other things.`};
	}
	const ordinary = words.length === 0 ? 'it names nothing of its own' : `${words.slice(0, MOST_NAMED).map(word => `"${word}"`).join(', ')} ${words.length === 1 ? 'is an ordinary word' : 'are ordinary words'} that the model knows as something else`;
	return {...about, kind: 'noRareToken', message: `The prompt of concept ${concept + 1} has no rare word for the subject: ${ordinary}.`};
}

/** What may name the subject: its token, or the words that all its prompts share. */
function namesOf({instanceToken = ''}: Concept, images: readonly InspectedImage[]): string[] {
	if (instanceToken !== '') return [instanceToken.toLowerCase()];
	const [first = [], ...others] = images.map(({instancePrompt}) => wordsOf(instancePrompt));
	return first.filter(word => !plainWords.has(word) && others.every(words => words.includes(word)));
}

const wordsOf = (prompt: string): string[] => [...new Set(prompt.toLowerCase().match(/[\p{L}\p{N}_-]+/gu) ?? [])];
