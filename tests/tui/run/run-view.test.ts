import {describe, expect, test} from 'vitest';
import type {EventBody, RunEvent} from '../../../src/train/protocol/index.ts';
import {bestValidation, emptyView, epochEnd, foldEvents, learningRateScale, remainingSeconds, speedOf, settled} from '../../../src/tui/run/index.ts';
import {recordedEvents, recordedLoss, RECORDED_AT} from '../recorded-run.ts';

const at = (time: number, body: EventBody): RunEvent => ({time, ...body} as RunEvent);
const step = (time: number, number: number, stepMs = 100): RunEvent => at(time, {
	type: 'step', step: number, epoch: 1, samples: number, loss: 0.1, instanceLoss: 0.1, gradientNorm: 1, learningRate: 1e-4, stepMs,
});
const started = (time: number, resumedFromStep?: number): RunEvent => at(time, {type: 'started', runId: 'r', pid: 1, device: 'cpu', deviceName: 'CPU', ...(resumedFromStep !== undefined && {resumedFromStep})});

describe('the view of a run', () => {
	test('is everything that its events told', () => {
		const view = foldEvents(emptyView, recordedEvents({totalSteps: 300, steps: 250, prompts: ['one', 'two']}));
		expect(view).toMatchObject({status: 'running', runId: '20260102-030405-robot', step: 250, totalSteps: 300});
		expect(view.histories.loss.buckets).toHaveLength(250);
		expect(view.histories.loss.buckets[99]?.max).toBe(recordedLoss(100));
		expect(view.samples.map(sample => [sample.step, sample.images.map(image => image?.prompt)])).toEqual([[0, ['one', 'two']], [100, ['one', 'two']], [200, ['one', 'two']]]);
		expect(view.checkpoints.map(checkpoint => checkpoint.step)).toEqual([100, 200]);
		expect(view.peakResidentBytes).toBeGreaterThanOrEqual(view.memory?.residentBytes ?? Infinity);
	});

	test('does not depend on how the events were delivered', () => {
		const events = [...recordedEvents({steps: 120, badSteps: [7], validateEvery: 30, concepts: 3}), started(Date.UTC(2026, 0, 3), 100), ...recordedEvents({steps: 130}).filter(event => event.type === 'step' && event.step > 100)];
		const oneByOne = events.reduce((view, event) => foldEvents(view, [event]), emptyView);
		expect(oneByOne).toEqual(foldEvents(emptyView, events));
		expect(oneByOne.step).toBe(130);
	});

	test('goes back with a resumed run: what it takes anew is not shown twice', () => {
		const view = foldEvents(emptyView, [...recordedEvents({steps: 250}), started(Date.UTC(2026, 0, 3), 100)]);
		expect(view).toMatchObject({status: 'starting', step: 100});
		expect(view.histories.loss.buckets.at(-1)?.firstStep).toBe(100);
		expect(view.samples.map(sample => sample.step)).toEqual([0, 100]);
		expect(view.checkpoints.map(checkpoint => checkpoint.step)).toEqual([100]);
	});

	test.each([
		['paused', {type: 'paused', step: 250}],
		['stopped', {type: 'stopped', step: 250, resumable: true}],
		['finished', {type: 'finished', step: 300, output: 'output/robot.safetensors'}],
		['failed', {type: 'failed', step: 250, cause: 'memory', message: 'No memory left.', action: 'Lower the batch size.'}],
	] as const)('is %s after that event', (status, end) => {
		expect(foldEvents(emptyView, recordedEvents({steps: 250, end})).status).toBe(status);
	});

	test('is crashed when nobody is at work on it, unless it had ended', () => {
		expect(settled(foldEvents(emptyView, recordedEvents({steps: 5})), 'gone').status).toBe('crashed');
		expect(settled(foldEvents(emptyView, recordedEvents({steps: 5})), 'alive').status).toBe('running');
		expect(settled(foldEvents(emptyView, recordedEvents({end: {type: 'stopped', step: 300, resumable: true}})), 'gone').status).toBe('stopped');
	});

	test('keeps the newest 200 lines of the log', () => {
		const view = foldEvents(emptyView, Array.from({length: 500}, (_, index) => at(index, {type: 'log', message: `line ${index}`})));
		expect(view.log).toHaveLength(200);
		expect(view.log.at(-1)?.text).toBe('line 499');
	});
});

describe('what is drawn', () => {
	test('are the losses by concept, of the steps that had an image of it', () => {
		const {conceptLosses} = foldEvents(emptyView, recordedEvents({steps: 9, concepts: 3})).histories;
		expect(conceptLosses).toHaveLength(3);
		expect(conceptLosses[1]!.buckets.map(({firstStep}) => firstStep)).toEqual([1, 3, 4, 6, 7, 9]);
		expect(conceptLosses[1]!.buckets[0]!.max).toBeCloseTo(2 * recordedLoss(1));
	});

	test('are the validations, and which was the best', () => {
		const view = foldEvents(emptyView, recordedEvents({steps: 300, validateEvery: 50}));
		expect(view.histories.validation.buckets.map(({firstStep}) => firstStep)).toEqual([50, 100, 150, 200, 250, 300]);
		const losses = view.histories.validation.buckets.map(({min}) => min);
		expect(bestValidation(view)).toEqual({loss: Math.min(...losses), step: 50 * (1 + losses.indexOf(Math.min(...losses)))});
		expect(bestValidation(emptyView)).toBeUndefined();
	});

	test('goes back with a resumed run in all of its curves', () => {
		const view = foldEvents(emptyView, [...recordedEvents({steps: 250, validateEvery: 50, concepts: 2}), started(Date.UTC(2026, 0, 3), 100)]);
		for (const history of [...Object.values(view.histories), ...view.histories.conceptLosses].filter(history => 'buckets' in history)) {
			expect(history.buckets.at(-1)?.firstStep ?? 0).toBeLessThanOrEqual(100);
		}

		expect(bestValidation(view)?.step).toBe(100);
	});

	test('is the memory of the device, else of the process', () => {
		const memory = (step: number, body: object): RunEvent[] => [started(1, step), at(2, {type: 'memory', residentBytes: 5, ...body})];
		const {memoryBytes} = foldEvents(emptyView, [...memory(1, {}), ...memory(2, {deviceUsedBytes: 9, deviceTotalBytes: 10})]).histories;
		expect(memoryBytes.buckets.map(({firstStep, max}) => [firstStep, max])).toEqual([[1, 5], [2, 9]]);
	});
});

describe('what the person changed', () => {
	test('shows: the prompts of the samples, and the learning rates all changes together', () => {
		const view = foldEvents(emptyView, [
			...recordedEvents({steps: 50}),
			at(RECORDED_AT + 1e6, {type: 'changed', step: 50, samplePrompts: ['sks robot on the moon']}),
			at(RECORDED_AT + 1e6, {type: 'changed', step: 50, learningRateScale: 0.5}),
			at(RECORDED_AT + 1e6, {type: 'changed', step: 60, learningRateScale: 0.25}),
		]);
		expect(view.samplePrompts).toEqual(['sks robot on the moon']);
		expect(learningRateScale(view)).toBe(0.25);
		expect(learningRateScale(foldEvents(view, [started(RECORDED_AT + 2e6, 55)]))).toBe(0.5);
	});
});

test.each([[0, 2.5, 3], [1, 2.5, 3], [2, 2.5, 3], [3, 2.5, 5], [5, 2.5, 8], [4, 4, 8], [9, 0.25, 10], [99, 70, 100]])('after step %i with %d steps an epoch, the epoch ends with step %i', (step, stepsPerEpoch, expected) => {
	const {plan} = foldEvents(emptyView, recordedEvents({steps: 1}));
	expect(epochEnd({...emptyView, step, totalSteps: 100, plan: {...plan!, stepsPerEpoch}})).toBe(expected);
});

describe('speed and time left', () => {
	const plan = at(0, {
		type: 'plan', totalSteps: 110, epochs: 1, stepsPerEpoch: 1, instanceImages: 1, classImages: 0, batchSize: 1, mode: 'graph', precision: 'f32', trainedParameters: 1, samplePrompts: [],
	});
	const steps = (count: number, everyMs: number, stepMs: number): RunEvent[] => Array.from({length: count}, (_, index) => step(1000 + index * everyMs, index + 1, stepMs));

	test('are those of the steps when nothing else is done', () => {
		const view = foldEvents(emptyView, [plan, ...steps(10, 100, 100)]);
		expect(speedOf(view)).toBeCloseTo(10);
		expect(remainingSeconds(view)).toBeCloseTo(10);
	});

	test('count the average share of sampling and saving, while the speed is that of training', () => {
		const view = foldEvents(emptyView, [plan, ...steps(10, 150, 100)]);
		expect(speedOf(view)).toBeCloseTo(10);
		expect(remainingSeconds(view)).toBeCloseTo(15);
	});

	test('leave out the time that the run was paused', () => {
		const before = foldEvents(emptyView, [plan, ...steps(10, 100, 100), at(3000, {type: 'paused', step: 10})]);
		expect(remainingSeconds(before)).toBeUndefined();
		const after = foldEvents(before, [at(3_600_000, {type: 'resumed', step: 10}), step(3_600_100, 11), step(3_600_200, 12)]);
		expect(remainingSeconds(after)).toBeCloseTo(9.8);
	});
});
