import fs from 'node:fs';

/** What TensorFlow, the C++ library and CUDA say when there is no memory left. */
const telling = /\bOOM when allocating\b|RESOURCE_EXHAUSTED|ResourceExhausted|out of memory|OUT_OF_MEMORY|bad_alloc|failed to allocate|Cannot allocate memory/i;

export const saysOutOfMemory = (words: string): boolean => telling.test(words);

/** Thrown where memory ran out and the process could still say so. */
export class OutOfMemoryError extends Error {
	override name = 'OutOfMemoryError';
	readonly action = 'Choose a smaller batch or resolution, or free memory.';
}

/** The error as OutOfMemoryError when that is what it is about. */
export const namedIfOutOfMemory = (error: unknown): unknown =>
	error instanceof Error && !('action' in error) && saysOutOfMemory(error.message) ? new OutOfMemoryError(`Memory ran out. ${error.message.slice(0, 300)}`, {cause: error}) : error;

/** How many processes this machine's system has killed for memory since it started; undefined where it does not say. Linux: /proc/vmstat. */
export function memoryKills(): number | undefined {
	try {
		const [, count] = /^oom_kill (\d+)$/m.exec(fs.readFileSync('/proc/vmstat', 'utf8')) ?? [];
		return count === undefined ? undefined : Number(count);
	} catch {
		return undefined;
	}
}
