import * as z from 'zod';
import type {TrainingConfig} from '../presets/index.ts';

/** What a run does differently from its config since memory ran out; its result is the same up to rounding. */
export const savingsSchema = z.strictObject({
	batchSize: z.number().int().positive().optional(),
	gradientAccumulation: z.number().int().positive().optional(),
	attention: z.literal('chunked').optional(),
	gradientCheckpointing: z.literal(true).optional(),
});
export type Savings = z.infer<typeof savingsSchema>;

type Spender = Pick<TrainingConfig, 'batchSize' | 'gradientAccumulation' | 'attention' | 'gradientCheckpointing'>;

export interface Rung {
	readonly savings: Savings;
	/** Completes "The run goes on with ...". */
	readonly words: string;
}

/**
 * The next thing to give up when memory ran out, cheapest first: smaller micro-batches with as many images in a step, attention
 * in chunks, activations computed again in the backward pass. Undefined when nothing is left that keeps the result.
 */
export function nextRung({batchSize, gradientAccumulation, attention, gradientCheckpointing}: Spender): Rung | undefined {
	if (batchSize > 1) {
		const smaller = largestDivisor(batchSize);
		const accumulation = gradientAccumulation * (batchSize / smaller);
		return {savings: {batchSize: smaller, gradientAccumulation: accumulation}, words: `batches of ${smaller} instead of ${batchSize}, ${accumulation} of them a step, so each step sees the same images`};
	}
	if (attention === 'full') return {savings: {attention: 'chunked'}, words: 'attention computed in chunks'};
	if (!gradientCheckpointing) return {savings: {gradientCheckpointing: true}, words: 'gradient checkpointing'};
	return undefined;
}

/** What helps when the ladder is climbed: these change the result, so a person decides. */
export const LAST_RESORTS = 'Make room for it (close other programs), or start a new run with a lower resolution, a smaller optimizer state (8-bit AdamW), no text encoder, or LoRA: dreambooth estimate shows what each would save.';

/** The largest divisor below the number itself. */
function largestDivisor(count: number): number {
	for (let divisor = Math.floor(count / 2); divisor > 1; divisor--) if (count % divisor === 0) return divisor;
	return 1;
}
