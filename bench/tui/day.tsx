// The dashboard through a day of a run, two steps a second, as fast as it can be drawn. Prints the heap by hour as the last line.
import {EventEmitter} from 'node:events';
import {copyFileSync, mkdirSync, mkdtempSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {setImmediate} from 'node:timers/promises';
import {asset} from '../../src/presets/index.ts';
import type {EventBody, RunEvent} from '../../src/train/protocol/index.ts';
import {Dashboard} from '../../src/tui/dashboard/index.ts';
import {emptyView, foldEvents} from '../../src/tui/run/index.ts';
import {showOnScreen} from '../../src/tui/show-on-screen.tsx';
import {capabilities, PictureCache} from '../../src/tui/term/index.ts';

const HOURS = 24;
const STEPS_AN_HOUR = 7200;
/** Ten seconds of the run: 8640 frames. */
const STEPS_A_FRAME = 20;
const SAMPLE_EVERY = 2000;

class Keyboard extends EventEmitter {
	readonly isTTY = true;
	setRawMode(): this {
		return this;
	}

	read(): null {
		return null;
	}

	setEncoding(): void {}
	ref(): void {}
	unref(): void {}
}

class Terminal extends EventEmitter {
	readonly isTTY = true;
	readonly columns = 120;
	readonly rows = 40;
	bytes = 0;
	write(text: string): boolean {
		this.bytes += text.length;
		return true;
	}
}

const folder = mkdtempSync(path.join(os.tmpdir(), 'dreambooth-day-'));
mkdirSync(path.join(folder, 'samples'));
const total = HOURS * STEPS_AN_HOUR;
let time = Date.now();
const at = (body: EventBody): RunEvent => ({time, ...body} as RunEvent);
let view = foldEvents(emptyView, [
	at({type: 'started', runId: 'day', pid: 1, device: 'cpu', deviceName: 'CPU'}),
	at({type: 'plan', totalSteps: total, epochs: 1, stepsPerEpoch: total, instanceImages: 5, classImages: 0, batchSize: 1, mode: 'graph', precision: 'f32', trainedParameters: 1, samplePrompts: ['sks']}),
	at({type: 'phase', phase: 'training'}),
]);
const listeners = new Set<() => void>();
const store = {
	whenRead: Promise.resolve(),
	getView: () => view,
	subscribe(listener: () => void) {
		listeners.add(listener);
		return () => listeners.delete(listener);
	},
	close() {},
};

function eventsOf(first: number): RunEvent[] {
	return Array.from({length: STEPS_A_FRAME}, (_, index) => first + index).flatMap(step => {
		time += 500;
		const loss = 0.1 + 0.4 * Math.exp(-step / 20_000) + 0.05 * Math.sin(step * 12.9898);
		const events = [at({type: 'step', step, epoch: 1, samples: step, loss, instanceLoss: loss, priorLoss: loss, conceptLosses: [loss, null, loss], gradientNorm: 1, learningRate: 1e-4, stepMs: 500})];
		if (step % 10 === 0) {
			events.push(at({type: 'memory', residentBytes: 2 ** 30}));
		}

		if (step % 500 === 0) {
			events.push(at({type: 'validation', step, loss, best: false}));
		}

		if (step % SAMPLE_EVERY === 0) {
			const file = `samples/step-${step}.png`;
			copyFileSync(asset('demo', 'photos', `robot-${1 + ((step / SAMPLE_EVERY) % 5)}.png`), path.join(folder, file));
			events.push(
				at({type: 'checkpoint', step, folder: `checkpoints/step-${step}`, bytes: 1}),
				at({type: 'sample', step, index: 0, file, prompt: 'sks', negativePrompt: '', seed: 1, sampler: 'ddim', samplingSteps: 1, guidance: 1, width: 128, height: 128}),
			);
		}

		return events;
	});
}

const heapMiB: Record<string, number> = {};
const begun = performance.now();
const terminal = new Terminal();
const can = capabilities({TERM: 'xterm-256color', LANG: 'C.UTF-8'}, {terminal: true});
await showOnScreen<undefined>((screen, finish) => {
	void (async () => {
		await setImmediate();
		for (let step = 1; step <= total; step += STEPS_A_FRAME) {
			view = foldEvents(view, eventsOf(step));
			listeners.forEach(listener => listener());
			await setImmediate();
			screen.flush();
			const hours = (step + STEPS_A_FRAME - 1) / STEPS_AN_HOUR;
			if ([1, 3, 6, 12, 18, 24].includes(hours)) {
				await setImmediate();
				globalThis.gc!();
				heapMiB[hours] = Number((process.memoryUsage().heapUsed / 2 ** 20).toFixed(1));
			}
		}

		finish(undefined);
	})();
	return (
		<Dashboard
			store={store} title="day" runFolder={folder} conceptPrompts={['one', 'two', 'three']} send={async () => ({ok: true, message: ''})}
			pictures={new PictureCache(screen.images, can)} memoryTotalBytes={16 * 2 ** 30} onLeave={() => finish(undefined)}
		/>
	);
}, {stdin: new Keyboard() as unknown as NodeJS.ReadStream, stdout: terminal as unknown as NodeJS.WriteStream, capabilities: can});
rmSync(folder, {recursive: true});
console.log(JSON.stringify({heapMiB, frames: total / STEPS_A_FRAME, bytes: terminal.bytes, seconds: (performance.now() - begun) / 1000, drawnAsMeasurements: performance.getEntriesByType('measure').length}));
