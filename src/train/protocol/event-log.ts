import fs from 'node:fs';
import path from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {eventSchema, type EventBody, type RunEvent} from './events.ts';
import {readRun} from './run-record.ts';

export const eventFile = (runFolder: string) => path.join(runFolder, 'events.jsonl');

/** Events after which the file is on the disk before anything else happens. */
const lasting: ReadonlySet<RunEvent['type']> = new Set(['checkpoint', 'paused', 'stopped', 'finished', 'failed']);

/** The writing end of `events.jsonl`: one line, one write. Its owner is the runner that holds the run folder. */
export class EventLog {
	readonly #file: number;
	/** Lines that a full disk refused; they go first when there is room again. */
	#waiting: string[] = [];
	#time: number;

	/** @param notBefore no event gets an earlier time, wherever the clock is set meanwhile. */
	constructor(runFolder: string, notBefore: number) {
		this.#file = fs.openSync(eventFile(runFolder), 'a+');
		this.#time = Math.max(notBefore, lastTime(runFolder));
		this.#endTornLine();
	}

	append(body: EventBody): RunEvent {
		this.#time = Math.max(this.#time, Date.now());
		const event = {time: this.#time, ...body} as RunEvent;
		this.#waiting.push(`${JSON.stringify(event)}\n`);
		this.#flush();
		if (lasting.has(event.type) && this.#waiting.length === 0) {
			fs.fsyncSync(this.#file);
		}

		return event;
	}

	close(): void {
		fs.closeSync(this.#file);
	}

	#flush(): void {
		try {
			while (this.#waiting.length > 0) {
				const line = Buffer.from(this.#waiting[0]!);
				if (fs.writeSync(this.#file, line) < line.length) {
					this.#endTornLine();
					return;
				}

				this.#waiting.shift();
			}
		} catch (error) {
			// A full disk must not end a run that can still train; its words wait.
			if (!['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')) {
				throw error;
			}
		}
	}

	/** A writer that died or a disk that was full may have left half a line: what follows begins on its own. */
	#endTornLine(): void {
		const {size} = fs.fstatSync(this.#file);
		const last = Buffer.alloc(1);
		if (size > 0 && fs.readSync(this.#file, last, 0, 1, size - 1) === 1 && last[0] !== newline) {
			this.#waiting.unshift('\n');
			this.#flush();
		}
	}
}

const newline = 10;

/** The reading end: gives what was added since the last look, whole lines only. */
export class EventReader {
	readonly #path: string;
	readonly #since: number;
	#position = 0;
	#rest = Buffer.alloc(0);
	/** Lines that are no events of this run: torn by a crash, of another version, or older than the run. */
	damaged = 0;

	/** @param since the time the run was made: what claims to be older is not believed. */
	constructor(runFolder: string, since: number) {
		this.#path = eventFile(runFolder);
		this.#since = since;
	}

	read(): RunEvent[] {
		const events: RunEvent[] = [];
		for (const line of this.#newLines()) {
			const event = parseEvent(line);
			if (event && event.time >= this.#since) {
				events.push(event);
			} else {
				this.damaged++;
			}
		}

		return events;
	}

	#newLines(): string[] {
		let file: number;
		try {
			file = fs.openSync(this.#path, 'r');
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
				return [];
			}

			throw error;
		}

		try {
			const added = Buffer.alloc(Math.max(0, fs.fstatSync(file).size - this.#position));
			const length = fs.readSync(file, added, 0, added.length, this.#position);
			this.#position += length;
			const bytes = Buffer.concat([this.#rest, added.subarray(0, length)]);
			const end = bytes.lastIndexOf(newline) + 1;
			this.#rest = bytes.subarray(end);
			return bytes.toString('utf8', 0, end).split('\n').filter(line => line !== '');
		} finally {
			fs.closeSync(file);
		}
	}
}

/** All events of a run so far, oldest first. */
export function readEvents(runFolder: string): RunEvent[] {
	return new EventReader(runFolder, readRun(runFolder).record.createdAt).read();
}

/**
 * First the whole history in one piece (empty when there is none yet), then what is added, as it is added, until `signal`.
 * It looks at the file instead of asking the system to watch it: that also works on network file systems.
 */
export async function * followEvents(runFolder: string, {signal, everyMs = 200}: {signal?: AbortSignal; everyMs?: number} = {}): AsyncGenerator<RunEvent[], void> {
	const reader = new EventReader(runFolder, readRun(runFolder).record.createdAt);
	const isOver = () => signal?.aborted === true;
	yield reader.read();
	while (!isOver()) {
		const added = reader.read();
		if (added.length > 0) {
			yield added;
		}

		await delay(everyMs, undefined, {signal}).catch(() => undefined);
	}
}

function parseEvent(line: string): RunEvent | undefined {
	try {
		return eventSchema.parse(JSON.parse(line));
	} catch {
		return undefined;
	}
}

function lastTime(runFolder: string): number {
	return new EventReader(runFolder, 0).read().reduce((latest, {time}) => Math.max(latest, time), 0);
}
