// What the dashboard costs: bytes to the terminal, processor time, start, memory over a day, and what a frozen one does to a run; and
// the memory of the wizard over ten thousand keys.
//   npx tsx bench/tui.ts [--only bytes,start,day,keys,trainer]
// Some five minutes. Results: bench/results/tui.json
import {execFileSync} from 'node:child_process';
import {mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {buildPrograms} from '../tests/train/processes/world.ts';
import {measureStart, measureSteady} from './tui/dashboard.ts';
import {measureTrainer} from './tui/trainer.ts';

const {values: {only}} = parseArgs({options: {only: {type: 'string', default: 'bytes,start,day,keys,trainer'}}});
const wanted = only.split(',');
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const file = path.join(root, 'bench/results/tui.json');

const programs = await buildPrograms({cli: 'src/cli.ts', runner: 'src/train/runner.ts', launch: 'src/train/launch.ts', trainer: 'bench/tui/busy-trainer.ts', day: 'bench/tui/day.tsx', keys: 'bench/tui/keys.tsx'});
const machine = {cpu: os.cpus()[0]?.model, cores: os.availableParallelism(), node: process.version, load: os.loadavg()[0]};
// The load is that under which times were taken; a heap does not depend on it.
const isTimed = ['bytes', 'start', 'trainer'].some(part => wanted.includes(part));
const results: Record<string, unknown> = {machine, ...earlier(), ...(isTimed && {machine})};
try {
	if (wanted.includes('bytes')) {
		results.steady = [await measureSteady(programs, {columns: 80, rows: 24}), await measureSteady(programs, {columns: 120, rows: 40})];
		for (const {columns, rows, bytesPerSecond, cpuShare, residentBytes} of results.steady as Awaited<ReturnType<typeof measureSteady>>[]) {
			console.log(`${columns}x${rows}, 2 events a second, chart and picture: ${(bytesPerSecond / 1000).toFixed(2)} kB/s, ${(100 * cpuShare).toFixed(1)} % of a core, ${(residentBytes / 2 ** 20).toFixed(0)} MiB`);
		}
	}

	if (wanted.includes('start')) {
		const start = await measureStart(programs);
		results.firstFrame = start;
		console.log(`first frame after ${start.medianMs.toFixed(0)} ms (median of ${start.allMs.length}; ${Math.min(...start.allMs).toFixed(0)} at best)`);
	}

	if (wanted.includes('day')) {
		const day = heapOf<{heapMiB: Record<string, number>; seconds: number}>('day.js');
		results.day = day;
		console.log(`heap over 24 hours of events, MiB by hour: ${JSON.stringify(day.heapMiB)}`);
	}

	if (wanted.includes('keys')) {
		const keys = heapOf<{keys: number; screens: Record<string, {heapMiB: number[]; bytesPerKey: number}>}>('keys.js');
		results.keys = keys;
		for (const [screen, {heapMiB, bytesPerKey}] of Object.entries(keys.screens)) {
			console.log(`heap of the wizard's ${screen} screen while keys are pressed, MiB: ${heapMiB.join(', ')}; ${bytesPerKey} bytes a key`);
		}
	}

	if (wanted.includes('trainer')) {
		const trainer = await measureTrainer(programs);
		results.trainer = trainer;
		console.log(`steps a second: alone ${trainer.alone.toFixed(2)}, watched ${trainer.watched.toFixed(2)}, watched by a frozen dashboard ${trainer.frozen.toFixed(2)}: ${shareText(trainer.watchedShare)} and ${shareText(trainer.frozenShare)}`);
	}
} finally {
	rmSync(programs, {recursive: true, force: true});
}

mkdirSync(path.dirname(file), {recursive: true});
writeFileSync(file, `${JSON.stringify(results, undefined, '\t')}\n`);

/** The last line of a program that measures its own heap. */
function heapOf<Result>(program: string): Result {
	const said = execFileSync(process.execPath, ['--expose-gc', path.join(programs, program)], {encoding: 'utf8', env: {...process.env, NODE_ENV: 'production'}, maxBuffer: 2 ** 26});
	return JSON.parse(said.trim().split('\n').at(-1)!) as Result;
}

/** With `--only`, the other figures stay. */
function earlier(): Record<string, unknown> {
	try {
		return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
	} catch {
		return {};
	}
}

function shareText({mean, standardError}: {mean: number; standardError: number}): string {
	return `${(100 * mean).toFixed(1)} % (± ${(100 * standardError).toFixed(1)})`;
}
