/** `a photo of sks dog`: words that stay, the rare word, the noun. */
const ofSubject = /^(?<before>.*\bof) (?:an? )?(?<rare>\S+) (?<noun>\S.*)$/;

const article = (noun: string): string => (/^[aeiou]/i.test(noun) ? 'an' : 'a');

export interface Prompts {
	/** The instance prompt without the rare word; absent when it cannot be told which one that is. */
	readonly classPrompt?: string;
	/** The subject, the subject elsewhere, and one that is not about the subject. */
	readonly samplePrompts: readonly string[];
}

/** The prompts that go with an instance prompt. */
export function promptsFrom(instancePrompt: string): Prompts {
	const {before, noun} = ofSubject.exec(instancePrompt.trim())?.groups ?? {};
	const classPrompt = before !== undefined && noun !== undefined ? `${before} ${article(noun)} ${noun}` : undefined;
	return {
		...(classPrompt !== undefined && {classPrompt}),
		samplePrompts: [instancePrompt, `${instancePrompt} on the beach`, ...(classPrompt === undefined ? [] : [classPrompt])],
	};
}

/** Words that mean nothing to the base models, the usual one first. */
const rareWords = ['sks', 'zwx', 'ohwx', 'bnha', 'vqz', 'qxj'] as const;

/** A rare word that none of the prompts has, for one more subject. */
export function freeRareWord(prompts: readonly string[]): string {
	const taken = new Set(prompts.flatMap(prompt => prompt.split(/\s+/)));
	const numbered = Array.from({length: taken.size + 1}, (_, number) => `sks${number + 2}`);
	return [...rareWords, ...numbered].find(word => !taken.has(word))!;
}

/** The same prompt for another subject of its kind; empty when it cannot be told which its rare word is. */
export function withRareWord(prompt: string, word: string): string {
	const rare = prompt.split(/\s+/).find(each => (rareWords as readonly string[]).includes(each)) ?? ofSubject.exec(prompt.trim())?.groups?.rare;
	return rare === undefined ? '' : prompt.split(' ').map(each => (each === rare ? word : each)).join(' ');
}
