import {copyFileSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {spawn, type IPty} from '@lydell/node-pty';
import {asset} from '../../src/presets/index.ts';
import {eventSchema, type EventBody} from '../../src/train/protocol/index.ts';
import {until} from '../../tests/train/processes/world.ts';
import {appendEvents, recordedEvents, recordedLoss, writeRecordedRun} from '../../tests/tui/recorded-run.ts';

const TOTAL_STEPS = 1000;
const RECORDED_STEPS = 400;
const EVENT_EVERY_MS = 500;
/** Until the first picture is drawn and the code is compiled. */
const SETTLE_MS = 20_000;
const MEASURE_MS = 40_000;
const STARTS = 7;

/** A run that is half done, with real pictures as its samples. */
function recordedRun(): {readonly runs: string; readonly folder: string} {
	const runs = mkdtempSync(path.join(os.tmpdir(), 'dreambooth-bench-'));
	const folder = path.join(runs, '20260102-030405-robot');
	const events = recordedEvents({totalSteps: TOTAL_STEPS, steps: RECORDED_STEPS, validateEvery: 50});
	writeRecordedRun(folder, events);
	for (const [index, event] of events.entries()) {
		if (event.type === 'sample') {
			copyFileSync(asset('demo', 'photos', `robot-${1 + (index % 5)}.png`), path.join(folder, event.file));
		}
	}

	return {runs, folder};
}

interface Watching {
	readonly terminal: IPty;
	readonly bytes: () => number;
	readonly output: () => string;
	readonly ended: Promise<void>;
}

/** `dreambooth attach` in a terminal of its own, as built for users. */
export function attach(programs: string, {runs, columns, rows}: {runs: string; columns: number; rows: number}): Watching {
	const terminal = spawn(process.execPath, [path.join(programs, 'cli.js'), 'attach', 'last'], {
		cols: columns, rows, name: 'xterm-256color', env: {...process.env, DREAMBOOTH_RUNS: runs, TERM: 'xterm-256color', LANG: 'C.UTF-8', LC_ALL: '', NO_COLOR: '', COLORTERM: '', NODE_ENV: ''},
	});
	let bytes = 0;
	let output = '';
	terminal.onData(text => {
		bytes += Buffer.byteLength(text);
		output = (output + text).slice(-100_000);
	});
	return {terminal, bytes: () => bytes, output: () => output, ended: new Promise(resolve => {
		terminal.onExit(() => resolve());
	})};
}

/** User and system time so far. */
function cpuMs(pid: number): number {
	const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
	const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
	// Clock ticks of 10 ms: fields 14 and 15 of proc(5).
	return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** What a dashboard sends and takes while a run trains, two events a second: a step each, and now and then the memory. */
export async function measureSteady(programs: string, {columns, rows}: {columns: number; rows: number}) {
	const {runs, folder} = recordedRun();
	const watching = attach(programs, {runs, columns, rows});
	let step = RECORDED_STEPS;
	const say = (body: EventBody): void => appendEvents(folder, [eventSchema.parse({time: Date.now(), ...body})]);
	const training = setInterval(() => {
		step++;
		const loss = recordedLoss(step);
		say({type: 'step', step, epoch: Math.ceil(step / 2), samples: step * 4, loss, instanceLoss: loss, priorLoss: loss, gradientNorm: 0.5, learningRate: 1e-4, stepMs: EVENT_EVERY_MS});
		if (step % 10 === 0) {
			say({type: 'memory', residentBytes: (1 + 0.2 * Math.sin(step)) * 2 ** 30});
		}
	}, EVENT_EVERY_MS);
	try {
		await until('the dashboard is there', () => watching.output().includes('robot'));
		await delay(SETTLE_MS);
		const {pid} = watching.terminal;
		const before = {bytes: watching.bytes(), cpuMs: cpuMs(pid), step};
		await delay(MEASURE_MS);
		const after = {bytes: watching.bytes(), cpuMs: cpuMs(pid), step};
		const residentBytes = Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
		return {
			columns, rows, events: after.step - before.step, seconds: MEASURE_MS / 1000, residentBytes,
			bytesPerSecond: (after.bytes - before.bytes) / (MEASURE_MS / 1000), cpuShare: (after.cpuMs - before.cpuMs) / MEASURE_MS,
		};
	} finally {
		clearInterval(training);
		watching.terminal.write('d');
		await watching.ended;
		rmSync(runs, {recursive: true});
	}
}

/** From the command to the first frame that shows the run. */
export async function measureStart(programs: string) {
	const {runs} = recordedRun();
	const allMs: number[] = [];
	for (let start = 0; start < STARTS; start++) {
		const begun = performance.now();
		const watching = attach(programs, {runs, columns: 80, rows: 24});
		await until('the first frame is there', () => watching.output().includes(`${RECORDED_STEPS}/${TOTAL_STEPS}`));
		allMs.push(performance.now() - begun);
		watching.terminal.write('d');
		await watching.ended;
	}

	rmSync(runs, {recursive: true});
	return {medianMs: allMs.toSorted((one, other) => one - other)[Math.floor(STARTS / 2)]!, allMs};
}
