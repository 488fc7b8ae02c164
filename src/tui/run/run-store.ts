import {followEvents, isEnded, isHeld, readRun, RunNotFoundError} from '../../train/protocol/index.ts';
import {emptyView, foldEvents, type RunView} from './run-view.ts';

/** Whether somebody is at work on the run. `unknown`: it has no runner yet, or its record cannot be read just now. */
export type Liveness = 'alive' | 'gone' | 'unknown';

const LOOK_EVERY_MS = 250;
/** At most this often does a screen change because of steps: more is not read by anybody, and costs bandwidth and the processor that trains. */
const STEPS_EVERY_MS = 1000;
/** Liveness costs a few file reads. Longer than any interval at which events are read: see `certainLiveness`. */
export const LIVENESS_EVERY_MS = 1000;

/** For `useSyncExternalStore`: the view of a run, kept up to date from its event log until `close`. */
export interface RunStore {
	/** Resolves when the history is read: what is drawn before that is drawn in vain. */
	readonly whenRead: Promise<void>;
	readonly getView: () => RunView;
	readonly subscribe: (listener: () => void) => () => void;
	readonly close: () => void;
}

/** Looks at the run's own record: who runs it, and whether exactly that process is alive. */
export function livenessOf(runFolder: string): Liveness {
	try {
		const run = readRun(runFolder);
		return run.record.runner === undefined ? 'unknown' : isHeld(run) ? 'alive' : 'gone';
	} catch (error) {
		if (error instanceof RunNotFoundError) {
			return 'unknown';
		}

		throw error;
	}
}

/** Says `gone` only at the second look in a row: at the first, the run's last words may be written but not yet read. */
export function certainLiveness(liveness: () => Liveness): () => Liveness {
	let looksGone = 0;
	return () => {
		const now = liveness();
		looksGone = now === 'gone' ? looksGone + 1 : 0;
		return looksGone === 1 ? 'unknown' : now;
	};
}

/** What the events say, corrected by whether anybody is alive to make it true. */
export function settled(view: RunView, liveness: Liveness): RunView {
	return liveness === 'gone' && !isEnded(view.status) ? {...view, status: 'crashed'} : view;
}

/** Whether all that happened is that steps were done and memory was measured. */
function differsInNumbersOnly(next: RunView, shown: RunView): boolean {
	return next.status === shown.status && next.phase === shown.phase && next.samples === shown.samples && next.checkpoints === shown.checkpoints && next.log.at(-1) === shown.log.at(-1);
}

/**
 * Opens the view of a run: its whole history first, then what is added.
 * @throws RunNotFoundError when `runFolder` holds no run
 */
export function openRunStore({runFolder, liveness = () => livenessOf(runFolder)}: {runFolder: string; liveness?: () => Liveness}): RunStore {
	readRun(runFolder);
	const certain = certainLiveness(liveness);
	const listeners = new Set<() => void>();
	const stopped = new AbortController();
	let said = emptyView;
	let alive: Liveness = 'unknown';
	let shown = said;
	let shownAtMs = -Infinity;
	let waiting: NodeJS.Timeout | undefined;
	const show = (): void => {
		clearTimeout(waiting);
		waiting = undefined;
		const next = settled(said, alive);
		if (next === shown || (next.status === 'crashed' && shown.status === 'crashed' && said.lastNewsMs === shown.lastNewsMs)) {
			return;
		}

		const waitMs = differsInNumbersOnly(next, shown) ? shownAtMs + STEPS_EVERY_MS - performance.now() : 0;
		if (waitMs > 0) {
			waiting = setTimeout(show, waitMs);
			return;
		}

		shown = next;
		shownAtMs = performance.now();
		for (const listener of listeners) {
			listener();
		}
	};

	let read: () => void = () => {};
	const whenRead = new Promise<void>(resolve => {
		read = resolve;
	});
	const follow = async (): Promise<void> => {
		for await (const events of followEvents(runFolder, {signal: stopped.signal, everyMs: LOOK_EVERY_MS})) {
			said = foldEvents(said, events);
			show();
			read();
		}
	};

	const look = (): void => {
		alive = certain();
		show();
	};

	look();
	const timer = setInterval(look, LIVENESS_EVERY_MS);
	void follow();
	return {
		whenRead,
		getView: () => shown,
		subscribe(listener) {
			listeners.add(listener);
			return () => {
				listeners.delete(listener);
			};
		},
		close() {
			clearInterval(timer);
			clearTimeout(waiting);
			stopped.abort();
		},
	};
}
