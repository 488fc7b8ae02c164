import type {EventOf, RunEvent, RunState} from '../../train/protocol/index.ts';
import {describeEvent, type LogLine} from './describe-event.ts';
import {LossHistory} from './loss-history.ts';
import {noPace, paceAfter, secondsFor, stepsPerSecond, type Pace} from './pace.ts';

/** The sample images that were drawn at one step, by prompt; a place is empty until its image is written. */
export interface SamplesOfStep {
	readonly step: number;
	readonly images: readonly (EventOf<'sample'> | undefined)[];
}

/** All that a screen shows of a run: the fold of its events. Nothing else is known, and nothing is kept anywhere else. */
export interface RunView {
	readonly status: RunState;
	readonly runId?: string;
	readonly started?: EventOf<'started'>;
	readonly plan?: EventOf<'plan'>;
	/** What is going on beside training steps. */
	readonly phase?: EventOf<'phase'>;
	readonly step: number;
	/** 0 until the plan is known. */
	readonly totalSteps: number;
	readonly lastStep?: EventOf<'step'>;
	readonly losses: LossHistory;
	readonly pace: Pace;
	/** By step, ascending. */
	readonly samples: readonly SamplesOfStep[];
	/** By step, ascending. */
	readonly checkpoints: readonly EventOf<'checkpoint'>[];
	/** The newest last, at most 200. */
	readonly log: readonly LogLine[];
	readonly memory?: EventOf<'memory'>;
	readonly peakResidentBytes: number;
	readonly peakDeviceBytes: number;
	/** How the run ended, when it did. */
	readonly outcome?: EventOf<'finished' | 'failed' | 'stopped'>;
	/** Milliseconds since 1970-01-01 UTC; 0 before the first event. */
	readonly lastNewsMs: number;
}

const KEPT_LOG_LINES = 200;

export const emptyView: RunView = {
	status: 'starting', step: 0, totalSteps: 0, losses: LossHistory.empty, pace: noPace,
	samples: [], checkpoints: [], log: [], peakResidentBytes: 0, peakDeviceBytes: 0, lastNewsMs: 0,
};

/** The view after further events, oldest first. Pure; folding in pieces gives the same view as folding at once. */
export function foldEvents(view: RunView, events: readonly RunEvent[]): RunView {
	if (events.length === 0) {
		return view;
	}

	// Losses come in thousands at a replay and are appended in one go; whatever looks at them flushes first.
	let losses: EventOf<'step'>[] = [];
	let next = view;
	const log = [...view.log];
	for (const event of events) {
		if (event.type === 'step') {
			losses.push(event);
		} else if (rewindStep(event) !== undefined && losses.length > 0) {
			next = {...next, losses: next.losses.with(losses)};
			losses = [];
		}

		next = {...foldEvent(next, event), lastNewsMs: event.time};
		const line = describeEvent(event);
		if (line) {
			log.push(line);
		}
	}

	return {...next, losses: next.losses.with(losses), log: log.slice(-KEPT_LOG_LINES)};
}

function foldEvent(view: RunView, event: RunEvent): RunView {
	switch (event.type) {
		case 'started': {
			const {outcome: _, ...going} = view;
			return {...rewound(going, event.resumedFromStep ?? 0), status: 'starting', runId: event.runId, started: event};
		}

		case 'plan': {
			return {...view, plan: event, totalSteps: event.totalSteps};
		}

		case 'phase': {
			return {...view, phase: event, status: event.phase === 'training' && view.status === 'starting' ? 'running' : view.status};
		}

		case 'step': {
			return {...view, status: 'running', phase: undefined, step: event.step, lastStep: event, pace: paceAfter(view.pace, event)};
		}

		case 'sample': {
			return {...view, samples: withSample(view.samples, event)};
		}

		case 'checkpoint': {
			return {...view, checkpoints: [...view.checkpoints.filter(({step}) => step < event.step), event]};
		}

		case 'memory': {
			return {
				...view, memory: event,
				peakResidentBytes: Math.max(view.peakResidentBytes, event.residentBytes),
				peakDeviceBytes: Math.max(view.peakDeviceBytes, event.deviceUsedBytes ?? 0),
			};
		}

		case 'paused': {
			return {...view, status: 'paused', step: event.step};
		}

		case 'resumed': {
			return {...view, status: 'running', step: event.step, pace: noPace};
		}

		case 'restarted': {
			return {...rewound(view, event.fromStep), status: 'starting'};
		}

		case 'stopped':
		case 'finished':
		case 'failed': {
			return {...view, status: event.type, step: event.step, outcome: event};
		}

		default: {
			return view;
		}
	}
}

/** The step to which training goes back with this event. */
function rewindStep(event: RunEvent): number | undefined {
	return event.type === 'started' ? event.resumedFromStep ?? 0 : event.type === 'restarted' ? event.fromStep : undefined;
}

/** What was trained after `step` is taken anew: it goes, so that a curve does not run back over itself. */
function rewound(view: RunView, step: number): RunView {
	return {
		...view, step, pace: noPace,
		losses: view.losses.upTo(step),
		samples: view.samples.filter(sample => sample.step <= step),
		checkpoints: view.checkpoints.filter(checkpoint => checkpoint.step <= step),
	};
}

function withSample(samples: readonly SamplesOfStep[], event: EventOf<'sample'>): readonly SamplesOfStep[] {
	const known = samples.find(({step}) => step === event.step)?.images ?? [];
	const images = Array.from({length: Math.max(known.length, event.index + 1)}, (_, index) => index === event.index ? event : known[index]);
	const others = samples.filter(({step}) => step !== event.step);
	return [...others, {step: event.step, images}].sort((one, other) => one.step - other.step);
}

/** Steps a second while training; undefined before the second step and when nothing is trained. */
export function speedOf({status, pace}: RunView): number | undefined {
	return status === 'running' ? stepsPerSecond(pace) : undefined;
}

/** Seconds until the last step; undefined when nobody can know. */
export function remainingSeconds({status, step, totalSteps, pace}: RunView): number | undefined {
	return status === 'running' && totalSteps > 0 ? secondsFor(totalSteps - step, pace) : undefined;
}
