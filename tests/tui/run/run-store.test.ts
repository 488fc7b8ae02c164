import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest';
import {RunNotFoundError, type RunEvent} from '../../../src/train/protocol/index.ts';
import {openRunStore, type Liveness, type RunStore} from '../../../src/tui/run/index.ts';
import {appendEvents, recordedEvents, writeRecordedRun} from '../recorded-run.ts';

let folder: string;
let store: RunStore | undefined;
const events = recordedEvents({totalSteps: 50, every: 25, end: {type: 'finished', step: 50, output: 'output/robot.safetensors'}});
const half = events.findIndex(event => event.type === 'step' && event.step === 25) + 1;

beforeEach(() => {
	folder = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'run-store-')), '20260102-030405-robot');
});
afterEach(() => {
	store?.close();
	fs.rmSync(path.dirname(folder), {recursive: true});
});

describe('an open run', () => {
	test('shows its history, then what is added, and a half-written line only when it is whole', async () => {
		writeRecordedRun(folder, events.slice(0, half));
		store = openRunStore({runFolder: folder, liveness: () => 'alive'});
		const told = vi.fn();
		store.subscribe(told);
		await vi.waitFor(() => expect(store?.getView().step).toBe(25));

		const line = `${JSON.stringify(events.find(event => event.type === 'step' && event.step === 26))}\n`;
		fs.appendFileSync(path.join(folder, 'events.jsonl'), line.slice(0, 40));
		fs.appendFileSync(path.join(folder, 'events.jsonl'), line.slice(40));
		await vi.waitFor(() => expect(store?.getView().step).toBe(26), {timeout: 5000});
		appendEvents(folder, events.slice(-1));
		await vi.waitFor(() => expect(store?.getView().status).toBe('finished'));
		expect(told.mock.calls.length).toBeLessThan(10);
	});

	test('tells of steps at most once a second, and at once what happens besides', async () => {
		writeRecordedRun(folder, events.slice(0, half));
		store = openRunStore({runFolder: folder, liveness: () => 'alive'});
		await vi.waitFor(() => expect(store?.getView().step).toBe(25));
		const times: number[] = [];
		store.subscribe(() => times.push(performance.now()));
		const steps = events.filter(event => event.type === 'step' && event.step > 25);
		const begun = performance.now();
		await vi.waitFor(() => {
			appendEvents(folder, steps.splice(0, 1));
			expect(performance.now() - begun).toBeGreaterThan(2200);
		}, {interval: 110, timeout: 5000});
		expect(times.length).toBeGreaterThanOrEqual(2);
		expect(times.slice(1).every((time, index) => time - times[index]! > 990)).toBe(true);
		const before = times.length;
		appendEvents(folder, [{...events[0]!, type: 'warning', message: 'The disk is nearly full.'} as RunEvent]);
		await vi.waitFor(() => expect(store?.getView().log.at(-1)?.text).toBe('The disk is nearly full.'), {timeout: 600});
		expect(times).toHaveLength(before + 1);
	});

	test('is crashed when its runner is gone, and alive again when somebody resumes it', async () => {
		let liveness: Liveness = 'gone';
		writeRecordedRun(folder, events.slice(0, half));
		store = openRunStore({runFolder: folder, liveness: () => liveness});
		await vi.waitFor(() => expect(store?.getView().status).toBe('crashed'), {timeout: 5000});
		liveness = 'alive';
		await vi.waitFor(() => expect(store?.getView().status).toBe('running'), {timeout: 5000});
	});

	test('that is none is refused by name', () => {
		expect(() => openRunStore({runFolder: folder})).toThrow(RunNotFoundError);
	});
});
