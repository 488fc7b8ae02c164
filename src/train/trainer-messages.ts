import * as z from 'zod';
import type {TrainerEvent} from './session.ts';

/** What a trainer tells its runner over their channel. What the runner says to it are plain commands. */
export const trainerMessageSchema = z.discriminatedUnion('type', [
	/** The body is checked with the whole event, when the runner adds the time. */
	z.object({type: z.literal('event'), event: z.custom<TrainerEvent>(value => typeof value === 'object' && value !== null)}),
	z.object({type: z.literal('finished'), output: z.string(), folder: z.string().optional()}),
	z.object({type: z.literal('stopped'), resumable: z.boolean()}),
	/** It cannot go on, and trying again would not help. */
	z.object({type: z.literal('failed'), cause: z.string(), message: z.string(), action: z.string()}),
]);
export type TrainerMessage = z.infer<typeof trainerMessageSchema>;
