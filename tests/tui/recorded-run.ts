import fs from 'node:fs';
import path from 'node:path';
import {eventSchema, writeRun, type EventBody, type RunEvent} from '../../src/train/protocol/index.ts';

/** When the recorded run was made: 2026-01-02 03:04:05 UTC. */
export const RECORDED_AT = Date.UTC(2026, 0, 2, 3, 4, 5);
const STEP_MS = 100;

export interface Recording {
	/** Planned steps, and how many of them are told. */
	readonly totalSteps?: number;
	readonly steps?: number;
	readonly every?: number;
	/** A validation every so many steps. */
	readonly validateEvery?: number;
	/** How many concepts; with one, no losses by concept. */
	readonly concepts?: number;
	readonly prompts?: readonly string[];
	/** Steps whose loss was not a number. */
	readonly badSteps?: readonly number[];
	/** How its file compared with what it showed. */
	readonly proof?: {readonly file: string; readonly meanDifference: number};
	/** How it ended. */
	readonly end?: EventBody;
}

/** The events that a run of the demo would write, with losses from a formula: equal wherever and whenever it is called. */
export function recordedEvents({totalSteps = 300, steps = totalSteps, every = 100, validateEvery, concepts = 1, prompts = ['a photo of sks robot'], badSteps = [], proof, end}: Recording = {}): RunEvent[] {
	let time = RECORDED_AT;
	const events: RunEvent[] = [];
	const say = (body: EventBody, ms = 10): void => {
		time += ms;
		events.push(eventSchema.parse({time, ...body}));
	};

	const sample = (step: number): void => {
		for (const [index, prompt] of prompts.entries()) {
			say({
				type: 'sample', step, index, file: `samples/step-${String(step).padStart(6, '0')}-${index}.png`, prompt, negativePrompt: '', seed: 1,
				sampler: 'ddim', samplingSteps: 20, guidance: 5, width: 128, height: 128,
			}, 300);
		}
	};

	say({type: 'started', runId: '20260102-030405-robot', pid: 4242, device: 'cpu', deviceName: 'CPU with 4 cores'});
	say({type: 'phase', phase: 'loading'}, 500);
	say({
		type: 'plan', totalSteps, epochs: Math.ceil(totalSteps / 2), stepsPerEpoch: 2, instanceImages: 5, classImages: 24, batchSize: 4,
		mode: 'graph', precision: 'f32', trainedParameters: 2_880_036, samplePrompts: [...prompts],
	});
	say({type: 'phase', phase: 'class-images', done: 0, total: 24}, 200);
	say({type: 'phase', phase: 'class-images', done: 24, total: 24}, 5000);
	say({type: 'phase', phase: 'sampling', done: 0, total: prompts.length});
	sample(0);
	say({type: 'phase', phase: 'training'});
	for (let step = 1; step <= steps; step++) {
		const loss = badSteps.includes(step) ? null : recordedLoss(step);
		say({
			type: 'step', step, epoch: Math.ceil(step / 2), samples: step * 4, loss, instanceLoss: loss, priorLoss: loss, gradientNorm: 0.5, learningRate: 1e-4, stepMs: STEP_MS,
			...(concepts > 1 && {conceptLosses: Array.from({length: concepts}, (_, concept) => (step + concept) % concepts === 0 ? null : recordedLoss(step) * (1 + concept))}),
		}, STEP_MS);
		if (step % 20 === 0) {
			say({type: 'memory', residentBytes: (1 + 0.2 * Math.sin(step)) * 2 ** 30});
		}

		if (validateEvery !== undefined && step % validateEvery === 0) {
			const of = (step: number): number => 0.11 + 0.3 * Math.exp(-step / 80) + step / 5000;
			say({type: 'validation', step, loss: of(step), best: step === validateEvery || of(step) < of(step - validateEvery)});
		}

		if (step % every === 0) {
			say({type: 'checkpoint', step, folder: `checkpoints/step-${String(step).padStart(6, '0')}`, bytes: 36 * 2 ** 20}, 50);
			sample(step);
		}
	}

	if (proof) {
		say({type: 'proof', step: totalSteps, maxDifference: Math.ceil(proof.meanDifference), limit: 1, ...proof});
	}

	if (end) {
		say(end);
	}

	return events;
}

/** Falls from 0.5 to 0.1 with the noise of random timesteps. */
export function recordedLoss(step: number): number {
	const noise = (Math.sin(step * 12.9898) * 43_758.5453) % 1;
	return (0.1 + 0.4 * Math.exp(-step / 80)) * (1 + 0.5 * noise);
}

/** Makes a run folder that holds these events, as a runner would; `robot` is its name. */
export function writeRecordedRun(runFolder: string, events: readonly RunEvent[], config: object = {}): void {
	fs.mkdirSync(path.join(runFolder, 'samples'), {recursive: true});
	writeRun({folder: runFolder, record: {version: 1, id: path.basename(runFolder), name: 'robot', createdAt: RECORDED_AT, config, versions: {}}});
	appendEvents(runFolder, events);
}

export function appendEvents(runFolder: string, events: readonly RunEvent[]): void {
	fs.appendFileSync(path.join(runFolder, 'events.jsonl'), events.map(event => `${JSON.stringify(event)}\n`).join(''));
}
