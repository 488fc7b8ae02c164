import type * as z from 'zod';
import type {JobMessage, Work} from './job-messages.ts';
import {describeFailure} from './protocol/index.ts';

/** The life of a process that does one job: the job comes over its channel, progress and an end go back. */
export async function runJob<Job, Progress>(jobSchema: z.ZodType<Job>, work: Work<Job, Progress>): Promise<void> {
	// Whoever gave the job is gone: nobody wants its result.
	process.on('disconnect', () => process.exit());
	const job = await new Promise<unknown>(resolve => {
		process.once('message', resolve);
	});
	await tell(await conclude(async () => work(jobSchema.parse(job), progress => void tell({type: 'told', progress}))));
	process.exit();
}

async function conclude(work: () => Promise<void>): Promise<JobMessage> {
	try {
		await work();
		return {type: 'done'};
	} catch (error) {
		console.error(error);
		const {message, action} = describeFailure(error, {next: 'Set that right and try again.', evidence: 'the command that you gave'});
		return {type: 'failed', message, action};
	}
}

async function tell(message: JobMessage): Promise<void> {
	await new Promise<void>(resolve => {
		process.send!(message, undefined, undefined, () => resolve());
	});
}
