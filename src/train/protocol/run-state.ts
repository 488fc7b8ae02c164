import {EventReader} from './event-log.ts';
import type {RunEvent} from './events.ts';
import {heartbeat, isAlive} from './liveness.ts';
import type {Run} from './run-record.ts';

/** `crashed`: it did not say that it ended, and its runner is gone. */
export type RunState = 'starting' | 'running' | 'paused' | 'stopped' | 'finished' | 'failed' | 'crashed';

/** What the list of runs says about one: the fold of its events, and whether somebody is at work on it. */
export interface RunSummary {
	readonly state: RunState;
	readonly step: number;
	readonly totalSteps?: number;
	/** Of the last step. */
	readonly loss?: number;
	/** Milliseconds since 1970-01-01 UTC. */
	readonly lastEventTime: number;
	/** Relative to the run folder. */
	readonly output?: string;
	readonly outputFolder?: string;
	/** Why it failed, and what to do. */
	readonly message?: string;
	readonly action?: string;
}

export const isEnded = (state: RunState) => !['starting', 'running', 'paused'].includes(state);

/** Does a runner hold this run folder? */
export function isHeld({record, folder}: Run): boolean {
	return record.runner !== undefined && isAlive(record.runner, folder);
}

export function summarizeRun(run: Run): RunSummary {
	const nothing: RunSummary = {state: 'starting', step: 0, lastEventTime: run.record.createdAt};
	const summary = new EventReader(run.folder, run.record.createdAt).read().reduce(fold, nothing);
	return {...summary, state: settle(run, summary.state)};
}

/** The summary after one more event. */
function fold(summary: RunSummary, event: RunEvent): RunSummary {
	const {message: _, action: __, ...lasting} = summary;
	const next = {...summary, lastEventTime: event.time};
	switch (event.type) {
		case 'started': {
			return {...lasting, lastEventTime: event.time, state: 'running', step: event.resumedFromStep ?? summary.step};
		}

		case 'plan': {
			return {...next, totalSteps: event.totalSteps};
		}

		case 'phase': {
			return {...next, state: summary.state === 'paused' ? 'paused' : 'running'};
		}

		case 'step': {
			return {...next, step: event.step, ...(event.loss !== null && {loss: event.loss})};
		}

		case 'restarted': {
			return {...next, state: 'running', step: event.fromStep};
		}

		case 'resumed': {
			return {...next, state: 'running', step: event.step};
		}

		case 'paused':
		case 'stopped': {
			return {...next, state: event.type, step: event.step};
		}

		case 'finished': {
			return {...next, state: 'finished', step: event.step, output: event.output, ...(event.folder !== undefined && {outputFolder: event.folder})};
		}

		case 'failed': {
			return {...next, state: 'failed', step: event.step, message: event.message, action: event.action};
		}

		default: {
			return next;
		}
	}
}

/** What the events say, corrected by whether anybody is alive to make it true. */
function settle(run: Run, said: RunState): RunState {
	if (isEnded(said) || isHeld(run)) {
		return said;
	}

	const young = Date.now() - run.record.createdAt < heartbeat.silentAfterMs;
	return run.record.runner === undefined && young ? 'starting' : 'crashed';
}
