import {z} from 'zod';

/** What a person can ask of a running run: one JSON object a line over `runs/<id>/control.sock`. */
export const commandSchema = z.discriminatedUnion('type', [
	z.object({type: z.literal('pause')}),
	z.object({type: z.literal('resume')}),
	/** `now`: no save, the last checkpoint stays; `save`: finish the step, write a checkpoint, end. */
	z.object({type: z.literal('stop'), when: z.enum(['now', 'save']).default('save')}),
	/** Without prompts: the prompts of the run. */
	z.object({type: z.literal('sample-now'), prompts: z.array(z.string()).optional()}),
	z.object({type: z.literal('checkpoint-now')}),
]);

export type Command = z.infer<typeof commandSchema>;
