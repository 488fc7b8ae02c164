import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import type {EventBody} from '../../src/train/protocol/index.ts';
import {followPlain, stepsPerLine, type Voice} from '../../src/tui/plain.ts';
import type {Liveness} from '../../src/tui/run/index.ts';
import {appendEvents, recordedEvents, writeRecordedRun} from './recorded-run.ts';

let folder: string;
beforeEach(() => {
	folder = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'plain-')), '20260102-030405-robot');
});
afterEach(() => fs.rmSync(path.dirname(folder), {recursive: true}));

async function follow(liveness: Liveness, voice: Voice = 'written'): Promise<{code: number; lines: string[]}> {
	const lines: string[] = [];
	const code = await followPlain({runFolder: folder, write: line => lines.push(line), voice, liveness: () => liveness, everyMs: 20});
	return {code, lines: lines.map(line => line.replaceAll(folder, 'RUN'))};
}

describe('plain lines', () => {
	test('tell the whole run and end with where the model is', async () => {
		writeRecordedRun(folder, recordedEvents({totalSteps: 60, every: 30, badSteps: [3], end: {type: 'finished', step: 60, output: 'output/robot.safetensors'}}));
		const {code, lines} = await follow('gone');
		expect(code).toBe(0);
		expect(lines.filter(line => !/^step +\d*[13579]\/|^step .*[2468]\//.test(line))).toMatchInlineSnapshot(`
			[
			  "Started on CPU with 4 cores",
			  "Loading the model",
			  "60 steps with 5 images and 24 class images, batch 4, graph, f32",
			  "Making class images",
			  "sample of step 0: RUN/samples/step-000000-0.png  "a photo of sks robot"",
			  "step 10/60  loss 0.4465  10.0 it/s  ETA 00:00:05",
			  "step 20/60  loss 0.5680  10.0 it/s  ETA 00:00:04",
			  "step 30/60  loss 0.5596  10.0 it/s  ETA 00:00:03  memory 1.18 GiB",
			  "checkpoint of step 30: RUN/checkpoints/step-000030  36.0 MiB",
			  "sample of step 30: RUN/samples/step-000030-0.png  "a photo of sks robot"",
			  "step 40/60  loss 0.2735  10.0 it/s  ETA 00:00:02  memory 1.18 GiB",
			  "step 50/60  loss 0.3616  10.0 it/s  ETA 00:00:01  memory 1.15 GiB",
			  "step 60/60  loss 0.3135  10.0 it/s  ETA 00:00:00  memory 1.15 GiB",
			  "checkpoint of step 60: RUN/checkpoints/step-000060  36.0 MiB",
			  "sample of step 60: RUN/samples/step-000060-0.png  "a photo of sks robot"",
			  "finished: RUN/output/robot.safetensors",
			]
		`);
		expect(lines).toContain('step  3/60  loss    NaN  10.0 it/s  ETA 00:00:06');
	});

	test.each([
		[0.04, /^Proof: loaded again, the file makes the picture of step 60\. Difference: 0\.04 of 255 on average, 1 at most$/],
		[34.34, /^warning: Loaded again, output\/robot\.safetensors does not make the picture of step 60\. Difference: 34 of 255 on average, 35 at most, .*Do not rely on it: .*save in f32 \(outputPrecision\)$/],
	])('say how far the picture of the file is from that of the run: %d', async (meanDifference, line) => {
		writeRecordedRun(folder, recordedEvents({totalSteps: 60, every: 30, proof: {file: 'output/robot.safetensors', meanDifference}, end: {type: 'finished', step: 60, output: 'output/robot.safetensors'}}));
		const {lines} = await follow('gone');
		expect(lines.at(-2)).toMatch(line);
	});

	test('that are spoken are few, and sentences', async () => {
		writeRecordedRun(folder, recordedEvents({totalSteps: 60, every: 30, badSteps: [20], end: {type: 'finished', step: 60, output: 'output/robot.safetensors'}}));
		const {lines} = await follow('gone', 'spoken');
		expect(lines.filter(line => line.startsWith('Step'))).toEqual([
			'Step 1 of 60. Loss 0.723. 6 s left.', 'Step 10 of 60. Loss 0.447. 5 s left.', 'Step 20 of 60. The loss is not a number. 4 s left.', 'Step 30 of 60. Loss 0.56. 3 s left.',
			'Step 40 of 60. Loss 0.274. 2 s left.', 'Step 50 of 60. Loss 0.362. 1 s left.', 'Step 60 of 60. Loss 0.313.',
		]);
		expect(lines.at(-1)).toBe('finished: RUN/output/robot.safetensors');
	});

	test.each([
		[0, {type: 'stopped', step: 20, resumable: true}],
		[1, {type: 'failed', step: 20, cause: 'memory', message: 'The graphics card is full.', action: 'Lower the batch size.'}],
	] as const)('exit code %i', async (expected, end: EventBody) => {
		writeRecordedRun(folder, recordedEvents({steps: 20, end}));
		const {code, lines} = await follow('gone');
		expect(code).toBe(expected);
		if (end.type === 'failed') {
			expect(lines.slice(-2)).toEqual(['error: The graphics card is full.', 'What to do: Lower the batch size.']);
		}
	});

	test('say that a run died, with its log and how to go on', async () => {
		writeRecordedRun(folder, recordedEvents({steps: 20}));
		const {code, lines} = await follow('gone');
		expect(code).toBe(1);
		expect(lines.slice(-2)).toEqual([
			'error: the run died at step 20 without saying why; its log is RUN/log.txt',
			'Continue it from its last checkpoint: dreambooth resume 20260102-030405-robot',
		]);
	});

	test('of a run that somebody just resumes wait for it', async () => {
		const events = recordedEvents({totalSteps: 40, every: 20, steps: 30, end: {type: 'stopped', step: 30, resumable: true}});
		writeRecordedRun(folder, events);
		const going = follow('alive');
		appendEvents(folder, recordedEvents({totalSteps: 40, every: 20, end: {type: 'finished', step: 40, output: 'output/robot.safetensors'}}));
		const {code, lines} = await going;
		expect(code).toBe(0);
		expect(lines.at(-1)).toBe('finished: RUN/output/robot.safetensors');
	});

	test.each([[0, 1], [30, 1], [80, 2], [300, 10], [800, 20], [10_000, 500]])('of %i steps come every %i', (steps, expected) => {
		expect(stepsPerLine(steps, 40)).toBe(expected);
	});
});
