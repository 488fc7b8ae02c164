import fs from 'node:fs';
import path from 'node:path';
import {packageRoot} from '../../package-root.ts';
import {RunNotFoundError} from './errors.ts';
import {readRun, writeRun, type Run, type RunRecord} from './run-record.ts';

/** Where runs are kept: `DREAMBOOTH_RUNS`, or `runs/` beside our package.json. Absolute. */
export function runsFolder(): string {
	return path.resolve(process.env.DREAMBOOTH_RUNS || path.join(packageRoot(), 'runs'));
}

/** Makes the folder of a new run: `<date>-<time>-<name>`, and a number when that is taken. */
export function createRun({name, ...record}: Omit<RunRecord, 'version' | 'id' | 'createdAt' | 'socket' | 'runner' | 'trainer'>): Run {
	const createdAt = Date.now();
	const root = runsFolder();
	fs.mkdirSync(root, {recursive: true});
	const wanted = `${timestamp(new Date(createdAt))}-${slug(name)}`;
	for (let attempt = 1; ; attempt++) {
		const id = attempt === 1 ? wanted : `${wanted}-${attempt}`;
		const folder = path.join(root, id);
		try {
			fs.mkdirSync(folder);
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
				continue;
			}

			throw error;
		}

		for (const part of ['samples', 'checkpoints', 'output']) {
			fs.mkdirSync(path.join(folder, part));
		}

		const run: Run = {folder, record: {version: 1, id, name, createdAt, ...record}};
		writeRun(run);
		return run;
	}
}

/** All runs, oldest first. A folder whose record cannot be read is left out. */
export function listRuns(): Run[] {
	const root = runsFolder();
	const ids = fs.existsSync(root) ? fs.readdirSync(root) : [];
	const runs: Run[] = [];
	for (const id of ids) {
		try {
			runs.push(readRun(path.join(root, id)));
		} catch (error) {
			if (!(error instanceof RunNotFoundError)) {
				throw error;
			}
		}
	}

	return runs.sort((a, b) => a.record.createdAt - b.record.createdAt || a.record.id.localeCompare(b.record.id));
}

/**
 * The run a person means: `last`, an id or its unique beginning, or a name (of several with one name the newest).
 * @throws RunNotFoundError
 */
export function findRun(wanted = 'last'): Run {
	const runs = listRuns();
	if (runs.length === 0) {
		throw new RunNotFoundError(`There is no run yet in ${runsFolder()}.`, 'Start one with: dreambooth demo');
	}

	const exact = wanted === 'last' ? runs.at(-1) : runs.find(run => run.record.id === wanted) ?? runs.findLast(run => run.record.name === wanted);
	if (exact) {
		return exact;
	}

	const found = runs.filter(run => run.record.id.startsWith(wanted));
	if (found.length === 1) {
		return found[0]!;
	}

	throw found.length === 0
		? new RunNotFoundError(`No run is called ${JSON.stringify(wanted)} in ${runsFolder()}.`, 'List the runs with: dreambooth runs')
		: new RunNotFoundError(
			`${JSON.stringify(wanted)} is the beginning of ${found.length} runs: ${found.map(run => run.record.id).join(', ')}.`,
			'Type more of the one that you mean.',
		);
}

/** The newest complete checkpoint. Checkpoints get their name when they are whole, so whatever has one is good. */
export function latestCheckpoint(folder: string): {step: number; folder: string} | undefined {
	const root = path.join(folder, 'checkpoints');
	const steps = (fs.existsSync(root) ? fs.readdirSync(root) : [])
		.flatMap(name => /^step-(\d+)$/.exec(name)?.slice(1) ?? [])
		.sort((a, b) => Number(a) - Number(b));
	const newest = steps.at(-1);
	return newest === undefined ? undefined : {step: Number(newest), folder: path.join(root, `step-${newest}`)};
}

/** Local time as 20250131-142530, so that the order of names is the order of time. */
function timestamp(date: Date): string {
	const two = (value: number) => String(value).padStart(2, '0');
	return `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}-${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}`;
}

function slug(name: string): string {
	const words = name.normalize('NFKD').toLowerCase().replaceAll(/[\u0300-\u036F]/g, '').replaceAll(/[^a-z\d]+/g, '-').slice(0, 40);
	return words.replaceAll(/^-+|-+$/g, '') || 'run';
}
