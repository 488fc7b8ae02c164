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
