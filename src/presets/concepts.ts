import * as z from 'zod';
import {conceptSettings} from './settings/concept.ts';
import {schemaOf} from './schema.ts';

/** A subject to teach: its images, the prompt that stands for them, and the class that keeps the model's memory. */
export interface Concept {
	/** Folder of the images of the subject, searched with its subfolders. */
	readonly instanceImages: string;
	readonly instancePrompt: string;
	/** Folder of class images; where there is none the run makes its own. */
	readonly classImages?: string;
	readonly classPrompt?: string;
	/** Class images for each instance image; 0 is no prior preservation. */
	readonly classImagesPerInstance: number;
	readonly classNegativePrompt?: string;
	readonly classSamplingSteps: number;
	readonly classGuidance: number;
	/** The rare word of the subject and the noun of its class, put into each prompt by the extension's rules. */
	readonly instanceToken?: string;
	readonly classToken?: string;
	/** What the run's samples show of this concept where the config names no prompts; without any, the instance prompt. */
	readonly previewPrompts: readonly string[];
	readonly previewNegativePrompt?: string;
	/** Pictures of each prompt; 0 makes none. */
	readonly previewCount: number;
	/** -1: the run's sample seed. */
	readonly previewSeed: number;
	/** 0: the run's. */
	readonly previewSteps: number;
	readonly previewGuidance: number;
}

/** Optional texts and paths are absent rather than empty. */
const optionalKeys: ReadonlySet<string> = new Set(['classImages', 'classPrompt', 'classNegativePrompt', 'instanceToken', 'classToken', 'previewNegativePrompt'] satisfies (keyof Concept)[]);

const fields = conceptSettings.map(setting => [
	setting.key,
	optionalKeys.has(setting.key) ? schemaOf(setting).optional().transform(value => (value === '' ? undefined : value)) : schemaOf(setting).default(setting.default),
]);

export const conceptSchema = z.strictObject(Object.fromEntries(fields)) as unknown as z.ZodType<Concept>;

/** A concept with the default of every setting and no images yet. */
export const defaultConcept = (): Concept => conceptSchema.parse({});

/** Whether any concept asks for class images, so that the loss has a prior part. */
export const hasPriorPreservation = (config: {readonly concepts: readonly Concept[]}): boolean => config.concepts.some(concept => concept.classImagesPerInstance > 0);
