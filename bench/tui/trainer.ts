import path from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {pathToFileURL} from 'node:url';
import {demoConfig} from '../../src/presets/index.ts';
import {readEvents, sendCommand, type Run} from '../../src/train/protocol/index.ts';
import {endProcesses, ownRuns, until} from '../../tests/train/processes/world.ts';
import {attach} from './dashboard.ts';

const WINDOW_MS = 4000;
/** A dashboard that has just started is still busy with itself. */
const SETTLE_MS = 3000;
const ROUNDS = 24;

type Launch = typeof import('../../src/train/launch.ts');

/**
 * Steps a second of a run that nobody watches, that a dashboard shows, and whose dashboard is stopped in its tracks: in turns, the median
 * of each. The shares are means over the rounds without the highest and lowest quarter, each with its standard error, against the windows
 * before and after it that nobody watched, so that what else the machine does meanwhile tells less.
 */
export async function measureTrainer(programs: string) {
	const runs = ownRuns();
	const {startRun} = await import(pathToFileURL(path.join(programs, 'launch.js')).href) as Launch;
	const run = await startRun({config: {...demoConfig(), maxSteps: 1_000_000}});
	try {
		await until('it trains', () => stepsOf(run) > 20);
		const [alone, watched, frozen]: [number[], number[], number[]] = [[], [], []];
		for (let round = 0; round < ROUNDS; round++) {
			alone.push(await speed(run));
			const dashboard = attach(programs, {runs: runs.folder, columns: 120, rows: 40});
			await until('the dashboard is there', () => dashboard.output().includes('smoothed'));
			await delay(SETTLE_MS);
			watched.push(await speed(run));
			process.kill(dashboard.terminal.pid, 'SIGSTOP');
			frozen.push(await speed(run));
			process.kill(dashboard.terminal.pid, 'SIGCONT');
			dashboard.terminal.write('d');
			await dashboard.ended;
		}

		alone.push(await speed(run));
		const sharesOf = (speeds: readonly number[]) => middleOf(speeds.map((speed, round) => speed / ((alone[round]! + alone[round + 1]!) / 2)));
		return {alone: median(alone), watched: median(watched), frozen: median(frozen), watchedShare: sharesOf(watched), frozenShare: sharesOf(frozen), rounds: {alone, watched, frozen}};
	} finally {
		await sendCommand(run.folder, {type: 'stop', when: 'now'});
		await endProcesses(run);
		runs.remove();
	}
}

const stepsOf = (run: Run): number => readEvents(run.folder).filter(({type}) => type === 'step').length;

/** By the trainer's own clock, and of the step in the middle: what else a machine does comes in bursts. */
async function speed(run: Run): Promise<number> {
	const before = stepsOf(run);
	await delay(WINDOW_MS);
	return 1000 / median(readEvents(run.folder).filter(event => event.type === 'step').slice(before).map(({stepMs}) => stepMs));
}

const median = (values: readonly number[]): number => {
	const sorted = values.toSorted((one, other) => one - other);
	return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
};

/** Of the middle half of the values: mean and standard error. */
function middleOf(values: readonly number[]): {mean: number; standardError: number} {
	const quarter = Math.floor(values.length / 4);
	const middle = values.toSorted((one, other) => one - other).slice(quarter, values.length - quarter);
	const mean = middle.reduce((sum, value) => sum + value, 0) / middle.length;
	// The middle half of normal values of 24 spreads 0.4 times as far as all of them, and its mean is 1.09 times as uncertain as theirs.
	const spread = Math.sqrt(middle.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (middle.length - 1)) / 0.4;
	return {mean, standardError: (1.09 * spread) / Math.sqrt(values.length)};
}
