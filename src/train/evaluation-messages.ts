import * as z from 'zod';

/** Measure what a run of the demo has taught the base model. Paths are absolute. */
export const evaluationJobSchema = z.object({
	/** The diffusers folder that the run has made. */
	trained: z.string(),
	/** Training steps that it took: more is expected of more. */
	steps: z.number().int().nonnegative(),
	/** Whether it was trained against pictures of other robots. */
	prior: z.boolean(),
	/** A PNG to write: all pictures that were measured, those before training above those after it. */
	sheet: z.string(),
});
export type EvaluationJob = z.infer<typeof evaluationJobSchema>;

const count = z.number().int().nonnegative();

/** What the demo's pictures of one model show. Similarities are means over the pictures, the others count pictures. */
export const demoFiguresSchema = z.object({
	/** Pictures of the subject. `hits`: those that show it beyond doubt. */
	instance: z.object({pictures: count, similarity: z.number(), correlation: z.number(), hits: count}),
	/** Pictures of the subject somewhere. `sceneAsAsked`: those that show the place; `both`: the place and the subject. */
	context: z.object({pictures: count, similarity: z.number(), sceneAsAsked: count, both: count}),
	/** Pictures of other things of its class. `leaked`: those that show the subject; `robots`: those that show the class. */
	class: z.object({pictures: count, similarity: z.number(), leaked: count, robots: count}),
});
export type DemoFigures = z.infer<typeof demoFiguresSchema>;

/** One line of the table before/after, in words. */
export const evaluationRowSchema = z.object({
	label: z.string(),
	before: z.string(),
	after: z.string(),
	/** Empty where nothing is expected of a run like this. */
	target: z.string(),
	/** Absent without a target. */
	reached: z.boolean().optional(),
});
export type EvaluationRow = z.infer<typeof evaluationRowSchema>;

export const evaluationSchema = z.object({before: demoFiguresSchema, after: demoFiguresSchema, rows: z.array(evaluationRowSchema)});
export type Evaluation = z.infer<typeof evaluationSchema>;

export const evaluationProgressSchema = z.discriminatedUnion('type', [
	/** `share` of the work is done: 0 ... 1. */
	z.object({type: z.literal('progress'), share: z.number()}),
	z.object({type: z.literal('evaluated'), evaluation: evaluationSchema}),
]);
export type EvaluationProgress = z.infer<typeof evaluationProgressSchema>;
