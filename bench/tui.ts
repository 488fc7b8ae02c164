// What the dashboard costs: bytes to the terminal, processor time, start, memory over a day, and what a frozen one does to a run.
//   npx tsx bench/tui.ts [--only bytes,start,day,trainer]
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

const {values: {only}} = parseArgs({options: {only: {type: 'string', default: 'bytes,start,day,trainer'}}});
const wanted = only.split(',');
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const file = path.join(root, 'bench/results/tui.json');

const programs = await buildPrograms({cli: 'src/cli.ts', runner: 'src/train/runner.ts', launch: 'src/train/launch.ts', trainer: 'bench/tui/busy-trainer.ts', day: 'bench/tui/day.tsx'});
const results: Record<string, unknown> = {...earlier(), machine: {cpu: os.cpus()[0]?.model, cores: os.availableParallelism(), node: process.version, load: os.loadavg()[0]}};
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
		const day = JSON.parse(execFileSync(process.execPath, ['--expose-gc', path.join(programs, 'day.js')], {encoding: 'utf8', env: {...process.env, NODE_ENV: 'production'}, maxBuffer: 2 ** 26}).trim().split('\n').at(-1)!) as {heapMiB: Record<string, number>; seconds: number};
		results.day = day;
		console.log(`heap over 24 hours of events, MiB by hour: ${JSON.stringify(day.heapMiB)}`);
	}

	if (wanted.includes('trainer')) {
		const trainer = await measureTrainer(programs);
		results.trainer = trainer;
		console.log(`steps a second: alone ${trainer.alone.toFixed(2)}, watched ${trainer.watched.toFixed(2)}, watched by a frozen dashboard ${trainer.frozen.toFixed(2)}: ${(100 * trainer.watchedShare).toFixed(1)} % and ${(100 * trainer.frozenShare).toFixed(1)} %`);
	}
} finally {
	rmSync(programs, {recursive: true, force: true});
}

mkdirSync(path.dirname(file), {recursive: true});
writeFileSync(file, `${JSON.stringify(results, undefined, '\t')}\n`);

/** With `--only`, the other figures stay. */
function earlier(): Record<string, unknown> {
	try {
		return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
	} catch {
		return {};
	}
}
