import * as z from 'zod';

/** What a person can ask of a running run: one JSON object a line over `runs/<id>/control.sock`. */
export const commandSchema = z.discriminatedUnion('type', [
	z.object({type: z.literal('pause')}),
	z.object({type: z.literal('resume')}),
	/**
	 * `save`: finish the step, write a checkpoint, end; `epoch-end`: the same when the epoch is over; `now`: no save, the last
	 * checkpoint stays; `discard`: no save, and the run's checkpoints are deleted.
	 */
	z.object({type: z.literal('stop'), when: z.enum(['save', 'epoch-end', 'now', 'discard']).default('save')}),
	/** Without prompts: the prompts of the run. */
	z.object({type: z.literal('sample-now'), prompts: z.array(z.string()).optional()}),
	z.object({type: z.literal('checkpoint-now')}),
	/** From now on the samples show these. */
	z.object({type: z.literal('set-sample-prompts'), prompts: z.array(z.string()).min(1)}),
	/** From the next step on both learning rates are multiplied by this, on top of earlier changes. */
	z.object({type: z.literal('scale-learning-rate'), factor: z.number().min(0.001).max(10)}),
]);

export type Command = z.infer<typeof commandSchema>;
export type StopWhen = Extract<Command, {type: 'stop'}>['when'];
