/** How far a piece of work is. */
export interface Progress {
	/** `Downloading TensorFlow 2.21.0`. */
	readonly what: string;
	readonly doneBytes?: number;
	readonly totalBytes?: number;
	/** Seconds that are left, once that can be told. */
	readonly etaSeconds?: number;
}

export type Tell = (progress: Progress) => void;

/** A part of something larger: its number of so many, and the bytes before it and of all. */
export interface Share {
	readonly part: number;
	readonly parts: number;
	readonly beforeBytes: number;
	readonly totalBytes: number;
}

/** Tells the progress of a part as that of the whole, at the speed of the part. */
export const within = ({part, parts, beforeBytes, totalBytes}: Share, tell: Tell): Tell => ({what, doneBytes = 0, totalBytes: ofPart = 0, etaSeconds}) =>
	tell({
		what: `${what} (${part} of ${parts})`,
		doneBytes: beforeBytes + doneBytes,
		totalBytes,
		...(etaSeconds !== undefined && {etaSeconds: (etaSeconds * (totalBytes - beforeBytes - doneBytes)) / (ofPart - doneBytes)}),
	});

/** The remaining time follows from the speed of the last seconds: that of a download changes. */
const WINDOW_MS = 10_000;
const TELL_EVERY_MS = 100;

/** Turns byte counts into progress, at most ten times a second, with a remaining time. The clock starts at the first count. */
export function byteProgress(what: string, totalBytes: number, tell: Tell, now: () => number = () => performance.now()): (doneBytes: number) => void {
	const told: {atMs: number; bytes: number}[] = [];
	return counted => {
		const bytes = Math.min(counted, totalBytes);
		const atMs = now();
		if (bytes < totalBytes && atMs - (told.at(-1)?.atMs ?? -Infinity) < TELL_EVERY_MS) return;
		told.push({atMs, bytes});
		while (told.length > 2 && atMs - told[1].atMs >= WINDOW_MS) told.shift();
		const seconds = (atMs - told[0].atMs) / 1000;
		const rate = (bytes - told[0].bytes) / seconds;
		tell({what, doneBytes: bytes, totalBytes, ...(bytes < totalBytes && seconds >= 0.5 && rate > 0 && {etaSeconds: (totalBytes - bytes) / rate})});
	};
}

/** `Downloading TensorFlow 2.21.0  120/274 MB  44 %  0:12 left`; in a narrow terminal what matters least is left out first. */
export function formatProgress({what, doneBytes, totalBytes, etaSeconds}: Progress, columns = Infinity): string {
	if (doneBytes === undefined || totalBytes === undefined) return what.slice(0, columns);
	const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);
	const size = `  ${megabytes(doneBytes)}/${megabytes(totalBytes)} MB`;
	const percent = `  ${Math.floor((100 * doneBytes) / totalBytes)} %`;
	const left = etaSeconds === undefined ? '' : `  ${formatRemaining(etaSeconds)} left`;
	return [`${what}${size}${percent}${left}`, `${what}${percent}${left}`, `${what}${percent}`].find(line => line.length <= columns)
		?? (what.slice(0, Math.max(0, columns - percent.length)) + percent).slice(0, columns);
}

/** `0:12`, `12:05`, `1:30:05`. Rounded up: work that goes on is not `0:00` from its end. */
function formatRemaining(seconds: number): string {
	const whole = Math.ceil(seconds);
	const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
	const two = (value: number) => String(value).padStart(2, '0');
	return `${hours > 0 ? `${hours}:${two(minutes)}` : minutes}:${two(whole % 60)}`;
}
