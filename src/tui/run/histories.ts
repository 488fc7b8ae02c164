import type {RunEvent} from '../../train/protocol/index.ts';
import {StepHistory, type StepValue} from './step-history.ts';

/** What is drawn over the steps of a run. */
export interface Histories {
	readonly loss: StepHistory;
	readonly instanceLoss: StepHistory;
	/** Empty without prior preservation. */
	readonly priorLoss: StepHistory;
	/** By concept, in the order of the config; empty unless there are several. */
	readonly conceptLosses: readonly StepHistory[];
	readonly validation: StepHistory;
	readonly learningRate: StepHistory;
	/** Empty when the text encoder is not trained. */
	readonly textEncoderLearningRate: StepHistory;
	/** Bytes in use on the device that trains. */
	readonly memoryBytes: StepHistory;
}

const {empty} = StepHistory;
export const noHistories: Histories = {
	loss: empty, instanceLoss: empty, priorLoss: empty, conceptLosses: [], validation: empty, learningRate: empty, textEncoderLearningRate: empty, memoryBytes: empty,
};

/** An event, and the step that the run had reached with it. */
export interface EventAtStep {
	readonly step: number;
	readonly event: RunEvent;
}

/** With further events, oldest first. They are taken together: a replay has hundreds of thousands. */
export function extended(histories: Histories, events: readonly EventAtStep[]): Histories {
	const values = <Value extends number | null>(measure: (event: RunEvent) => Value | undefined): StepValue[] =>
		events.flatMap(({step, event}) => {
			const value = measure(event);
			return value === undefined ? [] : [{step, value}];
		});
	const concepts = events.reduce((most, {event}) => event.type === 'step' ? Math.max(most, event.conceptLosses?.length ?? 0) : most, histories.conceptLosses.length);
	return {
		loss: histories.loss.with(values(event => event.type === 'step' ? event.loss : undefined)),
		instanceLoss: histories.instanceLoss.with(values(event => event.type === 'step' ? event.instanceLoss : undefined)),
		priorLoss: histories.priorLoss.with(values(event => event.type === 'step' ? event.priorLoss : undefined)),
		// Null: the step had no image of the concept.
		conceptLosses: Array.from({length: concepts}, (_, concept) =>
			(histories.conceptLosses[concept] ?? empty).with(values(event => event.type === 'step' ? event.conceptLosses?.[concept] ?? undefined : undefined))),
		validation: histories.validation.with(values(event => event.type === 'validation' ? event.loss : undefined)),
		learningRate: histories.learningRate.with(values(event => event.type === 'step' ? event.learningRate : undefined)),
		textEncoderLearningRate: histories.textEncoderLearningRate.with(values(event => event.type === 'step' ? event.textEncoderLearningRate : undefined)),
		memoryBytes: histories.memoryBytes.with(values(event => event.type === 'memory' ? event.deviceUsedBytes ?? event.residentBytes : undefined)),
	};
}

/** Without the steps after `step`, which a resumed run takes anew. */
export function historiesUpTo(histories: Histories, step: number): Histories {
	return {
		loss: histories.loss.upTo(step),
		instanceLoss: histories.instanceLoss.upTo(step),
		priorLoss: histories.priorLoss.upTo(step),
		conceptLosses: histories.conceptLosses.map(history => history.upTo(step)),
		validation: histories.validation.upTo(step),
		learningRate: histories.learningRate.upTo(step),
		textEncoderLearningRate: histories.textEncoderLearningRate.upTo(step),
		memoryBytes: histories.memoryBytes.upTo(step),
	};
}
