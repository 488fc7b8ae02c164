import path from 'node:path';
import {followEvents, isEnded, type EventOf, type RunEvent} from '../train/protocol/index.ts';
import {certainLiveness, describeEvent, emptyView, foldEvents, LIVENESS_EVERY_MS, livenessOf, remainingSeconds, settled, speedOf, type Liveness, type RunView} from './run/index.ts';
import {formatBytes, formatBytesOf, formatCount, formatDuration, formatLoss, formatSpan, formatSpeed} from './units.ts';

/** How plain lines are written: to be read, or to be read aloud. */
export type Voice = 'written' | 'spoken';

/** About as many step lines as a person reads, or listens to, of a whole run. */
const STEP_LINES = {written: 40, spoken: 10} as const;
/** With slow steps a line comes at least this often. */
const QUIET_FOR_MS = 60_000;

/**
 * A run as plain lines, for pipes, log files and dumb terminals: every event, and a line every few steps. `voice` 'spoken': fewer of them,
 * and sentences, for a screen reader.
 * Resolves when the run has ended or `signal` aborts, with the exit code for it: 1 when it failed or died, else 0.
 * `write` gets one line without a line feed.
 */
export async function followPlain({runFolder, write, voice = 'written', liveness = () => livenessOf(runFolder), signal, everyMs = 500}: {
	runFolder: string;
	voice?: Voice;
	write: (line: string) => void;
	liveness?: () => Liveness;
	signal?: AbortSignal;
	everyMs?: number;
}): Promise<number> {
	const lines = new PlainLines(runFolder, voice);
	const stopped = new AbortController();
	const stop = (): void => stopped.abort();
	signal?.addEventListener('abort', stop);
	// Nobody tells of a death: it is looked for.
	const certain = certainLiveness(liveness);
	const watch = setInterval(() => {
		if (certain() === 'gone') {
			stop();
		}
	}, LIVENESS_EVERY_MS);
	try {
		let replay = true;
		for await (const events of followEvents(runFolder, {signal: stopped.signal, everyMs})) {
			for (const line of lines.after(events)) {
				write(line);
			}

			// A history that ends with an end may be of a run that somebody just resumes.
			if (isEnded(lines.view.status) && !(replay && liveness() === 'alive')) {
				break;
			}

			replay = false;
		}
	} finally {
		clearInterval(watch);
		signal?.removeEventListener('abort', stop);
	}

	const {step, status: end} = settled(lines.view, signal?.aborted ? 'unknown' : liveness());
	if (end === 'crashed') {
		write(`error: the run died at step ${step} without saying why; its log is ${path.join(runFolder, 'log.txt')}`);
		write(`Continue it from its last checkpoint: dreambooth resume ${path.basename(runFolder)}`);
	}

	return end === 'failed' || end === 'crashed' ? 1 : 0;
}

/** Events in, lines out; remembers only what the next line needs. */
export class PlainLines {
	view: RunView = emptyView;
	readonly #runFolder: string;
	readonly #voice: Voice;
	#lastStepLineMs = 0;

	constructor(runFolder: string, voice: Voice) {
		this.#runFolder = runFolder;
		this.#voice = voice;
	}

	after(events: readonly RunEvent[]): string[] {
		return events.flatMap(event => {
			this.view = foldEvents(this.view, [event]);
			return event.type === 'step' ? this.#stepLine(event) : this.#eventLines(event);
		});
	}

	#stepLine(event: EventOf<'step'>): string[] {
		const {totalSteps} = this.view;
		const due = event.step % stepsPerLine(totalSteps, STEP_LINES[this.#voice]) === 0 || event.step === totalSteps || event.loss === null || event.time - this.#lastStepLineMs >= QUIET_FOR_MS;
		if (!due) {
			return [];
		}

		this.#lastStepLineMs = event.time;
		return [this.#voice === 'spoken' ? stepSentence(this.view, event) : stepLine(this.view, event)];
	}

	#eventLines(event: RunEvent): string[] {
		const absolute = (file: string): string => path.join(this.#runFolder, file);
		switch (event.type) {
			case 'sample': {
				return [`sample of step ${event.step}: ${absolute(event.file)}  ${JSON.stringify(event.prompt)}`];
			}

			case 'checkpoint': {
				return [`checkpoint of step ${event.step}: ${absolute(event.folder)}  ${formatBytes(event.bytes)}`];
			}

			case 'finished': {
				return [`finished: ${absolute(event.output)}`, ...(event.folder === undefined ? [] : [`diffusers folder: ${absolute(event.folder)}`])];
			}

			case 'failed': {
				return [`error: ${event.message}`, `What to do: ${event.action}`];
			}

			default: {
				const line = describeEvent(event);
				return line ? [line.kind === 'warning' ? `warning: ${line.text}` : line.text] : [];
			}
		}
	}
}

/** `step 400/800  loss 0.1143  3.20 it/s  ETA 00:02:01  memory 1.21 GiB` */
function stepLine(view: RunView, {step, loss}: EventOf<'step'>): string {
	const {memory, totalSteps} = view;
	const parts = [
		`step ${totalSteps > 0 ? formatCount(step, totalSteps) : step}`,
		`loss ${formatLoss(loss)}`,
		formatSpeed(speedOf(view)),
		`ETA ${formatDuration(remainingSeconds(view))}`,
	];
	if (memory?.deviceUsedBytes !== undefined && memory.deviceTotalBytes !== undefined) {
		parts.push(`vram ${formatBytesOf(memory.deviceUsedBytes, memory.deviceTotalBytes)}`);
	} else if (memory) {
		parts.push(`memory ${formatBytes(memory.residentBytes)}`);
	}

	return parts.join('  ');
}

/** `Step 400 of 800. Loss 0.114. 2 min left.` */
function stepSentence(view: RunView, {step, loss}: EventOf<'step'>): string {
	const left = remainingSeconds(view);
	return [
		`Step ${step}${view.totalSteps > 0 ? ` of ${view.totalSteps}` : ''}.`,
		loss === null ? 'The loss is not a number.' : `Loss ${Number(loss.toPrecision(3))}.`,
		...(left === undefined || left < 1 ? [] : [`${formatSpan(left)} left.`]),
	].join(' ');
}

/** 1, 2 or 5 times a power of ten, so that a whole run has about `lines` lines. */
export function stepsPerLine(totalSteps: number, lines: number): number {
	const wanted = Math.max(1, totalSteps / lines);
	const power = 10 ** Math.floor(Math.log10(wanted));
	return [1, 2, 5, 10].map(factor => factor * power).find(steps => steps >= wanted) ?? 1;
}
