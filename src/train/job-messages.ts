import * as z from 'zod';

/** What a job is done by, in a process of its own: it takes one job and tells how it goes. */
export type Work<Job, Progress> = (job: Job, tell: (progress: Progress) => void) => Promise<void>;

/** What a job process tells its parent: progress of its job's own kind, then one of the other two. */
export const jobMessageSchema = z.discriminatedUnion('type', [
	z.object({type: z.literal('told'), progress: z.unknown()}),
	z.object({type: z.literal('done')}),
	z.object({type: z.literal('failed'), message: z.string(), action: z.string()}),
]);
export type JobMessage = z.infer<typeof jobMessageSchema>;
