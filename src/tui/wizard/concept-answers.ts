import {defaultConcept, type Concept, type SettingValue} from '../../presets/index.ts';
import type {FieldValues} from '../fields/index.ts';
import {promptsFrom, withRareWord} from './prompts.ts';

/** What a person has said of one concept. */
export interface ConceptAnswers {
	/** The number of the advised concept that this one begins as; or, of one that was added, its rare word. */
	readonly base: number | string;
	/** Values given by hand, by key. */
	readonly given: FieldValues;
}

/** As many as there are in a preset, and at least one. */
export const firstConcepts = (count: number): readonly ConceptAnswers[] => Array.from({length: Math.max(1, count)}, (_, base) => ({base, given: {}}));

export const changeConcept = (concepts: readonly ConceptAnswers[], at: number, change: (given: FieldValues) => FieldValues): readonly ConceptAnswers[] =>
	concepts.map((each, index) => (index === at ? {...each, given: change(each.given)} : each));

/** The concepts that the answers ask for; what was not said is as advised. */
export const conceptsOf = (answers: readonly ConceptAnswers[], advised: readonly Concept[]): readonly Concept[] => answers.map(({base, given}) => {
	const first = advised[0] ?? defaultConcept();
	const begun = typeof base === 'number' ? advised[base] ?? first : addedConcept(first, base);
	const prompts = typeof given.instancePrompt === 'string' ? promptsFrom(given.instancePrompt) : undefined;
	return withoutEmpty({...begun, ...(prompts?.classPrompt !== undefined && {classPrompt: prompts.classPrompt}), ...given});
});

/** Another of the same kind: with the numbers of the first concept and nothing that is about its subject. */
const addedConcept = (first: Concept, word: string): Concept =>
	({...first, instanceImages: '', instancePrompt: withRareWord(first.instancePrompt, word), classImages: '', instanceToken: '', previewPrompts: []});

/** Optional texts and paths of a concept are absent rather than empty. */
const withoutEmpty = (values: FieldValues | Concept): Concept =>
	Object.fromEntries(Object.entries(values as Readonly<Record<string, SettingValue | undefined>>).filter(([key, value]) => (value !== '' && value !== undefined) || key === 'instanceImages' || key === 'instancePrompt')) as unknown as Concept;

/** Sample prompts that go with concepts whose prompts are not the advised ones; undefined while they are. */
export function samplePromptsFor(answers: readonly ConceptAnswers[], {advised, made}: {readonly advised: readonly Concept[]; readonly made: readonly Concept[]}): readonly string[] | undefined {
	const isAsAdvised = answers.length === Math.max(1, advised.length) && answers.every(({base, given}) => typeof base === 'number' && given.instancePrompt === undefined);
	if (isAsAdvised) {
		return undefined;
	}

	const prompts = made.map(({instancePrompt}) => instancePrompt).filter(prompt => prompt !== '').map(promptsFrom);
	// Of several subjects one picture each is enough, and one of what they are not.
	const samples = prompts.length === 1 ? prompts[0]!.samplePrompts : [...prompts.map(({samplePrompts: [subject]}) => subject!), ...prompts.flatMap(({classPrompt}) => classPrompt ?? [])];
	return [...new Set(samples)];
}
