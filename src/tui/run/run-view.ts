import type {EventOf, RunEvent, RunState} from '../../train/protocol/index.ts';
import {describeEvent, type LogLine} from './describe-event.ts';
import {extended, historiesUpTo, noHistories, type EventAtStep, type Histories} from './histories.ts';
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
	readonly histories: Histories;
	readonly pace: Pace;
	/** By step, ascending. */
	readonly samples: readonly SamplesOfStep[];
	/** By step, ascending. */
	readonly checkpoints: readonly EventOf<'checkpoint'>[];
	/** What the samples show from now on. */
	readonly samplePrompts: readonly string[];
	/** Changes of the learning rates by the person, by step, ascending. */
	readonly rateChanges: readonly {readonly step: number; readonly scale: number}[];
	/** The newest last, at most 200. */
	readonly log: readonly LogLine[];
	readonly memory?: EventOf<'memory'>;
	readonly peakResidentBytes: number;
	readonly peakDeviceBytes: number;
	/** How the written file compares with what the run showed. */
	readonly proof?: EventOf<'proof'>;
	/** How the run ended, when it did. */
	readonly outcome?: EventOf<'finished' | 'failed' | 'stopped'>;
	/** Milliseconds since 1970-01-01 UTC; 0 before the first event. */
	readonly lastNewsMs: number;
}

const KEPT_LOG_LINES = 200;

export const emptyView: RunView = {
	status: 'starting', step: 0, totalSteps: 0, histories: noHistories, pace: noPace,
	samples: [], checkpoints: [], samplePrompts: [], rateChanges: [], log: [], peakResidentBytes: 0, peakDeviceBytes: 0, lastNewsMs: 0,
};

/** The view after further events, oldest first. Pure; folding in pieces gives the same view as folding at once. */
export function foldEvents(view: RunView, events: readonly RunEvent[]): RunView {
	if (events.length === 0) {
		return view;
	}

	// What is drawn comes in thousands at a replay and is appended in one go; whatever takes it back flushes first.
	let drawn: EventAtStep[] = [];
	let next = view;
	const log = [...view.log];
	for (const event of events) {
		if (rewindStep(event) !== undefined && drawn.length > 0) {
			next = {...next, histories: extended(next.histories, drawn)};
			drawn = [];
		}

		next = {...foldEvent(next, event), lastNewsMs: event.time};
		if (event.type === 'step' || event.type === 'validation' || event.type === 'memory') {
			drawn.push({step: 'step' in event ? event.step : next.step, event});
		}

		const line = describeEvent(event);
		if (line) {
			log.push(line);
		}
	}

	return {...next, histories: extended(next.histories, drawn), log: log.slice(-KEPT_LOG_LINES)};
}

function foldEvent(view: RunView, event: RunEvent): RunView {
	switch (event.type) {
		case 'started': {
			const {outcome: _, proof: __, ...going} = view;
			return {...rewound(going, event.resumedFromStep ?? 0), status: 'starting', runId: event.runId, started: event};
		}

		case 'plan': {
			return {...view, plan: event, totalSteps: event.totalSteps, samplePrompts: event.samplePrompts};
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

		case 'changed': {
			const {step, samplePrompts = view.samplePrompts, learningRateScale: scale} = event;
			return {...view, samplePrompts, rateChanges: scale === undefined ? view.rateChanges : [...view.rateChanges, {step, scale}]};
		}

		case 'memory': {
			return {
				...view, memory: event,
				peakResidentBytes: Math.max(view.peakResidentBytes, event.residentBytes),
				peakDeviceBytes: Math.max(view.peakDeviceBytes, event.deviceUsedBytes ?? 0),
			};
		}

		case 'proof': {
			return {...view, proof: event};
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
		histories: historiesUpTo(view.histories, step),
		samples: view.samples.filter(sample => sample.step <= step),
		checkpoints: view.checkpoints.filter(checkpoint => checkpoint.step <= step),
		rateChanges: view.rateChanges.filter(change => change.step <= step),
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

/** By which the person has multiplied the learning rates so far. */
export function learningRateScale({rateChanges}: RunView): number {
	return rateChanges.at(-1)?.scale ?? 1;
}

/** The lowest validation loss so far and its step; undefined when nothing was validated. */
export function bestValidation({histories: {validation: {buckets}}}: RunView): {readonly step: number; readonly loss: number} | undefined {
	const [first, ...others] = buckets;
	const best = first && others.reduce((best, bucket) => bucket.min < best.min ? bucket : best, first);
	return best && {step: best.firstStep, loss: best.min};
}

/** The step after which the present epoch is over; undefined before the plan is known. */
export function epochEnd({plan, step, totalSteps}: RunView): number | undefined {
	return plan && plan.stepsPerEpoch > 0 ? Math.min(totalSteps, Math.ceil((Math.floor(step / plan.stepsPerEpoch + 1e-9) + 1) * plan.stepsPerEpoch - 1e-9)) : undefined;
}
