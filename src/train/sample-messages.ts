import * as z from 'zod';
import type {TrainingConfig} from '../presets/index.ts';
import type {Work} from './job-messages.ts';

/** Pictures to make with a model, outside any run. Paths are absolute. */
export const sampleJobSchema = z.object({
	/** A diffusers folder, or a single file. */
	model: z.string(),
	/** Instead of what the model has itself: as the config says it. */
	changes: z.object({
		ema: z.boolean(),
		vae: z.string(),
		prediction: z.custom<TrainingConfig['prediction']>(value => typeof value === 'string'),
		zeroTerminalSnr: z.boolean(),
	}).optional(),
	/** Where and in which numbers; absent: wherever it can, in f32. */
	device: z.enum(['auto', 'cpu', 'gpu']).optional(),
	precision: z.enum(['f32', 'bf16', 'f16']).optional(),
	/** Adapters to use with it. */
	lora: z.object({file: z.string(), scale: z.number()}).optional(),
	negativePrompt: z.string(),
	/** The settings know their names. */
	sampler: z.custom<TrainingConfig['sampler']>(value => typeof value === 'string'),
	samplingSteps: z.number().int().positive(),
	guidance: z.number(),
	/** As users count: 1 uses the last layer of the text encoder. */
	clipSkip: z.number().int().positive().optional(),
	/** As the run's config says it; absent: prompts are padded, and as long as they are. */
	maxTokenLength: z.number().int().positive().optional(),
	padTokens: z.boolean().optional(),
	/** Pixels. */
	width: z.number().int().positive(),
	height: z.number().int().positive(),
	images: z.array(z.object({prompt: z.string(), seed: z.number().int(), file: z.string()})),
});
export type SampleJob = z.infer<typeof sampleJobSchema>;

/** What happens while they are made. */
export const sampleProgressSchema = z.discriminatedUnion('type', [
	/** `share` of the work is done: 0 ... 1. */
	z.object({type: z.literal('progress'), share: z.number()}),
	z.object({type: z.literal('image'), file: z.string()}),
]);
export type SampleProgress = z.infer<typeof sampleProgressSchema>;

/** `sampleImages` of sample.ts, which the sampling process calls. */
export type SampleImages = Work<SampleJob, SampleProgress>;
