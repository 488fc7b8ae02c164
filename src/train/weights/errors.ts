/**
 * A model or weight file that cannot be used as it is. `message` says what is wrong and where (file, key, expected,
 * found), `action` what the person can do about it.
 */
export class WeightsError extends Error {
	override readonly name = 'WeightsError';
	readonly action: string;

	constructor(message: string, {action, cause}: {action: string; cause?: unknown}) {
		super(message, {cause});
		this.action = action;
	}
}

const fileProblems: Readonly<Record<string, {reason: string; action: string}>> = {
	ENOENT: {reason: 'it does not exist', action: 'Check the path for a spelling mistake.'},
	ENOTDIR: {reason: 'a part of its path is a file, not a folder', action: 'Check the path.'},
	EISDIR: {reason: 'it is a folder', action: 'Give the path of a file.'},
	EACCES: {reason: 'permission is denied', action: 'Change its permissions (ls -l shows them) or choose another place.'},
	EPERM: {reason: 'permission is denied', action: 'Change its permissions (ls -l shows them) or choose another place.'},
	EROFS: {reason: 'the file system is read-only', action: 'Choose a folder that can be written.'},
	ENOSPC: {reason: 'the disk is full', action: 'Free some room (df -h shows what is left) or choose a folder on another disk.'},
	EDQUOT: {reason: 'the disk quota is used up', action: 'Free some room or choose a folder on another disk.'},
	EEXIST: {reason: 'it exists already', action: 'Choose another name, or move the existing one away.'},
};

/** Runs `work`; a file system error becomes a WeightsError: `cannot <doing>: the disk is full`. */
export async function explainFileErrors<T>(doing: string, work: () => Promise<T>): Promise<T> {
	try {
		return await work();
	} catch (error) {
		const code = (error as NodeJS.ErrnoException).code;
		if (error instanceof WeightsError || code === undefined) throw error;
		const {reason, action} = fileProblems[code] ?? {reason: (error as Error).message, action: 'Check the disk and the path.'};
		throw new WeightsError(`Cannot ${doing}: ${reason}.`, {action, cause: error});
	}
}
