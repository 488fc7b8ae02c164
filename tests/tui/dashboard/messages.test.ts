import {describe, expect, test} from 'vitest';
import type {EventBody} from '../../../src/train/protocol/index.ts';
import {initialState} from '../../../src/tui/dashboard/dashboard-state.ts';
import {messageLines, silence, wrapWords} from '../../../src/tui/dashboard/messages.ts';
import {emptyView, foldEvents, settled, type RunView} from '../../../src/tui/run/index.ts';
import {recordedEvents} from '../recorded-run.ts';

const runFolder = '/runs/20260102-030405-robot';
const ended = (end: EventBody): RunView => foldEvents(emptyView, recordedEvents({totalSteps: 60, every: 20, steps: 50, end}));
const lines = (view: RunView, columns = 80, state = initialState): string[] => messageLines(view, state, {runFolder, columns}).map(({text}) => text);

describe('how a run ended', () => {
	test('finished: where the model is', () => {
		expect(lines(ended({type: 'finished', step: 60, output: 'output/robot.safetensors', folder: 'output/robot'}))).toEqual([
			'Finished 60 steps in 00:00:12. The model, as one file and as a diffusers folder:',
			'/runs/20260102-030405-robot/output/robot.safetensors',
			'/runs/20260102-030405-robot/output/robot',
		]);
	});

	test('finished: whether the file makes the picture of the run', () => {
		const proved = (meanDifference: number, file = 'output/robot.safetensors') =>
			messageLines(foldEvents(emptyView, recordedEvents({totalSteps: 60, every: 20, steps: 50, proof: {file, meanDifference}, end: {type: 'finished', step: 60, output: 'output/robot.safetensors'}})), initialState, {runFolder, columns: 120}).map(({text, look}) => `${look}: ${text}`);
		expect(proved(0.0412)).toEqual([
			'ok: Finished 60 steps in 00:00:12. The model, as one file:',
			'strong: /runs/20260102-030405-robot/output/robot.safetensors',
			'plain: Loaded again, it makes the same picture (difference 0.041 of 255).',
		]);
		expect(proved(34.34).map(line => line.slice(0, 70))).toEqual([
			'bad: The file does not make the picture that the run showed: they diffe', 'warn: Finished 60 steps in 00:00:12. The model, as one file:', 'strong: /runs/20260102-030405-robot/output/robot.safetensors',
		].map(line => line.slice(0, 70)));
		expect(proved(34.34, 'output/robot_30.safetensors')[0]).toMatch(/^ok: /);
	});

	test('failed: the cause and what to do', () => {
		expect(lines(ended({type: 'failed', step: 50, cause: 'memory', message: 'The card is full.', action: 'Lower the batch size to 2.'}))).toEqual([
			'Failed at step 50: The card is full.', 'What to do: Lower the batch size to 2.',
		]);
	});

	test('crashed: the log, and from where it can go on, the command on one line', () => {
		const view = settled(foldEvents(emptyView, recordedEvents({totalSteps: 60, every: 20, steps: 50})), 'gone');
		expect(lines(view, 60)).toEqual([
			'The run died at step 50 without saying why. What it printed', 'last:',
			'/runs/20260102-030405-robot/log.txt',
			'Continue it from the checkpoint of step 40:',
			'dreambooth resume 20260102-030405-robot',
		]);
	});

	test('stopped: how to continue, or that one cannot', () => {
		expect(lines(ended({type: 'stopped', step: 50, resumable: true}))[0]).toBe('Stopped at step 50. Continue with: dreambooth resume 20260102-030405-robot');
		expect(lines(ended({type: 'stopped', step: 50, resumable: false}))[0]).toContain('cannot be continued');
	});

	test('not yet: nothing', () => {
		expect(lines(foldEvents(emptyView, recordedEvents({steps: 5})))).toEqual([]);
	});
});

test('a promise to stop stands until it is kept', () => {
	const stopping = {...initialState, stopping: 'epoch-end' as const};
	expect(lines(foldEvents(emptyView, recordedEvents({every: 20, steps: 50})), 80, stopping)).toEqual(['Stops at the end of the epoch, after step 52.']);
	expect(lines(ended({type: 'stopped', step: 50, resumable: true}), 80, stopping)[0]).toContain('Stopped at step 50.');
});

test('a running run that has been silent for a minute says so', () => {
	const view = foldEvents(emptyView, recordedEvents({steps: 50}));
	expect(silence(view, view.lastNewsMs + 59_000)).toBeUndefined();
	expect(silence(view, view.lastNewsMs + 180_000)).toBe('no news for 3 min');
	expect(silence({...view, status: 'paused'}, view.lastNewsMs + 180_000)).toBeUndefined();
});

test.each([
	['one two three', 7, ['one two', 'three']],
	['abcdefgh', 3, ['abc', 'def', 'gh']],
	['a abcdef', 4, ['a', 'abcd', 'ef']],
	['', 5, []],
	['keep\u00A0this together', 9, ['keep this', 'together']],
])('%j in %i columns', (text, columns, expected) => {
	expect(wrapWords(text, columns)).toEqual(expected);
});
