import fs from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import {RunNotFoundError} from './errors.ts';
import {processIdentitySchema} from './liveness.ts';

/**
 * `run.json`: what the run is, which does not change, and whose processes work on it, which does.
 * Written by whoever creates the run, then only by the runner that holds the folder.
 */
const runRecordSchema = z.object({
	version: z.literal(1),
	id: z.string(),
	name: z.string(),
	/** Milliseconds since 1970-01-01 UTC. Events that claim to be older belong to something else. */
	createdAt: z.number(),
	/** A training config as `parseConfig` of presets reads it. */
	config: z.unknown(),
	/** Settings that the runner has changed since memory ran out; the config stays as the person wrote it. */
	savings: z.record(z.string(), z.unknown()).optional(),
	/** Absolute diffusers folder whose weights the run began with instead of the base model's. */
	furtherFrom: z.string().optional(),
	versions: z.record(z.string(), z.string()),
	/** The machine in words. */
	hardware: z.string().optional(),
	/** Where the control socket really is. */
	socket: z.string().optional(),
	runner: processIdentitySchema.optional(),
	trainer: processIdentitySchema.optional(),
});
export type RunRecord = z.infer<typeof runRecordSchema>;

/** A run on disk. `folder` is absolute. */
export interface Run {
	readonly folder: string;
	readonly record: RunRecord;
}

const recordFile = (folder: string) => path.join(folder, 'run.json');

/** @throws RunNotFoundError when `folder` is not a run folder, or of a version that this program does not read. */
export function readRun(folder: string): Run {
	let text: string;
	try {
		text = fs.readFileSync(recordFile(folder), 'utf8');
	} catch {
		throw new RunNotFoundError(`${folder} holds no run: it has no run.json.`, 'List the runs with: dreambooth runs');
	}

	let json: unknown;
	try {
		json = JSON.parse(text);
	} catch {
		throw new RunNotFoundError(`${recordFile(folder)} is damaged: it is not JSON.`, 'Restore run.json from a copy; checkpoints and output in the folder are untouched.');
	}

	const parsed = runRecordSchema.safeParse(json);
	if (!parsed.success) {
		throw new RunNotFoundError(
			`${recordFile(folder)} is not a run record of this version:\n${z.prettifyError(parsed.error)}`,
			'Use the version of dreambooth that made the run.',
		);
	}

	return {folder: path.resolve(folder), record: parsed.data};
}

/** Replaces `run.json` as a whole: a reader sees the old record or the new one, never half of it. */
export function writeRun(run: Run): void {
	const target = recordFile(run.folder);
	const temporary = `${target}.${process.pid}.tmp`;
	const file = fs.openSync(temporary, 'w');
	try {
		fs.writeSync(file, `${JSON.stringify(run.record, undefined, '\t')}\n`);
		fs.fsyncSync(file);
	} finally {
		fs.closeSync(file);
	}

	fs.renameSync(temporary, target);
}
