/** How far a piece of work is. */
export interface Progress {
	/** `Downloading TensorFlow 2.21.0`. */
	readonly what: string;
	readonly doneBytes?: number;
	readonly totalBytes?: number;
	/** Seconds that are left, once that can be told. */
	readonly etaSeconds?: number;
}

/** Turns byte counts into progress with a remaining time from the speed so far. */
export function byteProgress(what: string, totalBytes: number, tell: (progress: Progress) => void, now: () => number = () => performance.now()): (doneBytes: number) => void {
	const begin = now();
	return doneBytes => {
		const seconds = (now() - begin) / 1000;
		const rate = doneBytes / seconds;
		tell({what, doneBytes: Math.min(doneBytes, totalBytes), totalBytes, ...(seconds > 0.5 && rate > 0 && {etaSeconds: Math.max(0, (totalBytes - doneBytes) / rate)})});
	};
}

/** `Downloading TensorFlow 2.21.0  120/274 MB  44 %  0:12 left`. */
export function formatProgress({what, doneBytes, totalBytes, etaSeconds}: Progress): string {
	if (doneBytes === undefined || totalBytes === undefined) return what;
	const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);
	const left = etaSeconds === undefined ? '' : `  ${Math.floor(etaSeconds / 60)}:${String(Math.round(etaSeconds) % 60).padStart(2, '0')} left`;
	return `${what}  ${megabytes(doneBytes)}/${megabytes(totalBytes)} MB  ${Math.floor((100 * doneBytes) / totalBytes)} %${left}`;
}
