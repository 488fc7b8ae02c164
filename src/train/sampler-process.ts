import {describeFailure} from './protocol/index.ts';
import {sampleJobSchema, type SampleImages, type SampleMessage} from './sample-messages.ts';

/** The life of a sampling process around `sampleImages`: one job comes over its channel, progress and an end go back. */
export async function runSampler(sampleImages: SampleImages): Promise<void> {
	// Whoever asked for the pictures is gone: nobody wants them.
	process.on('disconnect', () => process.exit());
	const job = await new Promise<unknown>(resolve => {
		process.once('message', resolve);
	});
	await tell(await conclude(sampleImages, job));
	process.exit();
}

async function conclude(sampleImages: SampleImages, job: unknown): Promise<SampleMessage> {
	try {
		await sampleImages(sampleJobSchema.parse(job), progress => void tell(progress));
		return {type: 'done'};
	} catch (error) {
		console.error(error);
		const {message, action} = describeFailure(error, {next: 'Set that right and try again.', evidence: 'the command that you gave'});
		return {type: 'failed', message, action};
	}
}

async function tell(message: SampleMessage): Promise<void> {
	await new Promise<void>(resolve => {
		process.send!(message, undefined, undefined, () => resolve());
	});
}
