import {describeFailure} from '../train/protocol/index.ts';

/** What went wrong and what to do, in a sentence or two. `next`: what to do when the error itself does not say it. */
export function sayFailure(error: unknown, next = ''): string {
	if (error instanceof Error && 'syscall' in error) {
		return `${error.message}. See whether the path is right and may be used by you, and whether the disk has room.`;
	}

	const {message, action} = describeFailure(error, {next, evidence: 'this message'});
	return `${message} ${action}`.trim();
}
