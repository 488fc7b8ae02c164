import * as z from 'zod';

/**
 * What a run says about itself. `runs/<id>/events.jsonl` holds one JSON object a line, appended and never rewritten:
 * it is the truth about a run, and every view is a fold of it.
 */
const at = {
	/** Milliseconds since 1970-01-01 UTC. */
	time: z.number(),
};

export const phases = ['loading', 'scanning', 'compiling', 'class-images', 'caching', 'sampling', 'training', 'saving'] as const;
export type Phase = (typeof phases)[number];

export const eventSchema = z.discriminatedUnion('type', [
	/** A trainer process has begun to work on the run; a run has one of these for each start or resume. */
	z.object({...at, type: z.literal('started'), runId: z.string(), pid: z.number(), device: z.enum(['cpu', 'gpu']), deviceName: z.string(), resumedFromStep: z.number().optional()}),
	/** What the run will do, known before the first step. */
	z.object({
		...at, type: z.literal('plan'),
		totalSteps: z.number(), epochs: z.number(), stepsPerEpoch: z.number(),
		instanceImages: z.number(), classImages: z.number(), batchSize: z.number(),
		mode: z.enum(['eager', 'graph', 'xla']), precision: z.enum(['f32', 'bf16', 'f16']),
		trainedParameters: z.number(), samplePrompts: z.array(z.string()),
	}),
	/** Where the run is; `done` of `total` when the phase can be counted. */
	z.object({...at, type: z.literal('phase'), phase: z.enum(phases), done: z.number().optional(), total: z.number().optional(), detail: z.string().optional()}),
	/** One optimizer step. Losses are means over the accumulation window. */
	z.object({
		...at, type: z.literal('step'), step: z.number(), epoch: z.number(), samples: z.number(),
		loss: z.number().nullable(), instanceLoss: z.number().nullable(), priorLoss: z.number().nullable().optional(), gradientNorm: z.number().nullable(),
		/** Instance loss by concept, null where the step had no image of it; only with several concepts. */
		conceptLosses: z.array(z.number().nullable()).optional(),
		learningRate: z.number(), textEncoderLearningRate: z.number().optional(), stepMs: z.number(),
		/** In f16: what the loss is multiplied by from the next step on, and whether this one was skipped because its gradients overflowed. */
		lossScale: z.number().optional(), skipped: z.literal(true).optional(),
	}),
	/** The loss on images that are not trained on; `best` when it is the lowest so far. */
	z.object({...at, type: z.literal('validation'), step: z.number(), loss: z.number(), best: z.boolean()}),
	/** The person changed something about the run after step `step`. `learningRateScale`: all changes together. */
	z.object({...at, type: z.literal('changed'), step: z.number(), learningRateScale: z.number().optional(), samplePrompts: z.array(z.string()).optional()}),
	/** A sample image was written; `file` is relative to the run folder. */
	z.object({
		...at, type: z.literal('sample'), step: z.number(), index: z.number(), file: z.string(), prompt: z.string(), negativePrompt: z.string(),
		seed: z.number(), sampler: z.string(), samplingSteps: z.number(), guidance: z.number(), width: z.number(), height: z.number(),
	}),
	/** The full training state was written; `folder` is relative to the run folder. */
	z.object({...at, type: z.literal('checkpoint'), step: z.number(), folder: z.string(), bytes: z.number()}),
	/**
	 * The written file (relative to the run folder) was loaded again, and the run's first sample made with it. Differences between the
	 * two pictures are of 8-bit colours, 0 ... 255; the file makes the same picture when their mean is at most `limit`.
	 */
	z.object({...at, type: z.literal('proof'), step: z.number(), file: z.string(), maxDifference: z.number(), meanDifference: z.number(), limit: z.number()}),
	/** Something the person should know, which did not stop the run. */
	z.object({...at, type: z.literal('warning'), message: z.string()}),
	z.object({...at, type: z.literal('log'), message: z.string()}),
	z.object({
		...at, type: z.literal('memory'), residentBytes: z.number(),
		deviceUsedBytes: z.number().optional(), deviceTotalBytes: z.number().optional(), utilization: z.number().optional(), temperatureC: z.number().optional(), powerW: z.number().optional(),
	}),
	z.object({...at, type: z.literal('paused'), step: z.number()}),
	z.object({...at, type: z.literal('resumed'), step: z.number()}),
	/** The runner has started the trainer anew after it died. */
	z.object({...at, type: z.literal('restarted'), cause: z.string(), fromStep: z.number()}),
	/** The run was ended by the person before its last step; it can be resumed from `step`. */
	z.object({...at, type: z.literal('stopped'), step: z.number(), resumable: z.boolean()}),
	/** `output` is the finished single file, `folder` the diffusers folder, both relative to the run folder. */
	z.object({...at, type: z.literal('finished'), step: z.number(), output: z.string(), folder: z.string().optional()}),
	/** The run ended by itself before its last step: what happened, and what the person can do. */
	z.object({...at, type: z.literal('failed'), step: z.number(), cause: z.string(), message: z.string(), action: z.string()}),
]);

export type RunEvent = z.infer<typeof eventSchema>;
export type EventOf<T extends RunEvent['type']> = Extract<RunEvent, {type: T}>;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
/** An event as its author writes it: the log adds the time. */
export type EventBody = DistributiveOmit<RunEvent, 'time'>;
