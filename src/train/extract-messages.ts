import * as z from 'zod';
import type {Work} from './job-messages.ts';

const model = z.object({
	/** Absolute path of a diffusers folder or a single file, or the word demo. */
	baseModel: z.string(),
	/** Of a single file with an unusual structure: a folder with its configs. */
	like: z.string().optional(),
});

/** A LoRA to make of the difference of two models. */
export const extractionSchema = z.object({
	tuned: model,
	base: model,
	rank: z.number().int().positive(),
	/** Which modules have adapters: see models/lora.ts. */
	targets: z.enum(['attention', 'transformer', 'all']),
	/** Absolute. It must not exist. */
	target: z.string(),
	dtype: z.enum(['F16', 'BF16', 'F32']),
});
export type Extraction = z.infer<typeof extractionSchema>;

/** Shares are of squares: of the sum of all squared differences between the two models. */
export const extractionReportSchema = z.object({
	modules: z.number(),
	/** Of the difference in these modules: what the LoRA has of it, 0 ... 1. */
	kept: z.number(),
	/** Of the difference in UNet and text encoder: what lies in these modules, 0 ... 1. */
	reached: z.number(),
	/** The two models have different autoencoders, of which a LoRA holds nothing. */
	autoencoderDiffers: z.boolean(),
	/** Tensors with values that the number format cannot hold. */
	overflows: z.number(),
});
export type ExtractionReport = z.infer<typeof extractionReportSchema>;

export const extractionProgressSchema = z.discriminatedUnion('type', [
	/** `share` of the work is done: 0 ... 1. */
	z.object({type: z.literal('progress'), share: z.number()}),
	z.object({type: z.literal('extracted'), report: extractionReportSchema}),
]);
export type ExtractionProgress = z.infer<typeof extractionProgressSchema>;

/** `extractLora` of extract.ts, which the extracting process calls. */
export type ExtractLora = Work<Extraction, ExtractionProgress>;
