import {defaultConfig, type TrainingConfig} from './config.ts';
import {defaultConcept} from './concepts.ts';
import {demoConfig} from './demo.ts';

/** What is taught; decides class images, prompts and length. */
export const subjects = ['person', 'animal', 'object', 'style'] as const;
export type Subject = (typeof subjects)[number];

/**
 * A start for a kind of subject, with example prompts and without images and base model. A person needs class images, or
 * everybody gets the same face, and half as many epochs more; so does an animal, or all of its kind become it; objects and styles do
 * without (the extension's own advice).
 */
export const subjectConfig = (subject: Subject): TrainingConfig => {
	switch (subject) {
		case 'person': {
			return {
				...defaultConfig(),
				name: 'person',
				epochs: 150,
				concepts: [{...defaultConcept(), instancePrompt: 'a photo of sks person', classPrompt: 'a photo of a person', classImagesPerInstance: 5}],
				samplePrompts: ['a photo of sks person', 'a portrait of sks person in a suit', 'a photo of a person'],
			};
		}

		case 'animal': {
			return {
				...defaultConfig(),
				name: 'animal',
				concepts: [{...defaultConcept(), instancePrompt: 'a photo of sks dog', classPrompt: 'a photo of a dog', classImagesPerInstance: 5}],
				samplePrompts: ['a photo of sks dog', 'a photo of sks dog on the beach', 'a photo of a dog'],
			};
		}

		case 'object': {
			return {
				...defaultConfig(),
				name: 'object',
				concepts: [{...defaultConcept(), instancePrompt: 'a photo of sks toy'}],
				samplePrompts: ['a photo of sks toy', 'a photo of sks toy on the beach', 'a photo of a toy'],
			};
		}

		case 'style': {
			return {
				...defaultConfig(),
				name: 'style',
				concepts: [{...defaultConcept(), instancePrompt: 'a picture in sks style'}],
				samplePrompts: ['a picture of a house in sks style', 'a picture of a cat in sks style', 'a picture of a house'],
			};
		}
	}
};

export interface ShippedPreset {
	readonly name: string;
	readonly description: string;
	config(): TrainingConfig;
}

/** The presets that come with the program. They cannot be overwritten. */
export const shippedPresets: readonly ShippedPreset[] = [
	{name: 'demo', description: 'Teach the embedded demo model a toy robot, in about two minutes.', config: () => demoConfig()},
	{name: 'person', description: 'A face and figure: class images, 150 epochs.', config: () => subjectConfig('person')},
	{name: 'animal', description: 'A pet: class images, 100 epochs.', config: () => subjectConfig('animal')},
	{name: 'object', description: 'A thing or a toy: no class images, 100 epochs.', config: () => subjectConfig('object')},
	{name: 'style', description: 'A way of drawing: no class images, 100 epochs.', config: () => subjectConfig('style')},
];
