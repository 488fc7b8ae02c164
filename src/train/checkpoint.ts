import {existsSync} from 'node:fs';
import {mkdir, readdir, readFile, rename, rm, stat} from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import {requireRoom} from './disk-room.ts';
import type {TrainedState} from './trained-state.ts';
import {atomicWriteFile, encodeFloats, openSafetensors, syncFolder, writeSafetensors, type SafetensorsFile} from './weights/index.ts';

/** Where training is. Noise, order of images and rates are functions of it, so it is small. */
const positionSchema = z.strictObject({
	version: z.literal(1),
	/** Optimizer steps done. */
	step: z.number().int().nonnegative(),
	/** A digest of the settings and images that decide what comes next: a checkpoint continues only the run it belongs to. */
	fingerprint: z.string(),
	/** What the person changed during the run. */
	learningRateScale: z.number().optional(),
	samplePrompts: z.array(z.string()).optional(),
	/** The most buckets that the run uses; absent: all. */
	maxBuckets: z.number().int().positive().optional(),
	/** Lowest loss on held-out images so far. */
	bestValidation: z.number().optional(),
});
export type Position = z.infer<typeof positionSchema>;

export class CheckpointError extends Error {
	override name = 'CheckpointError';
	constructor(message: string, readonly action: string) {
		super(message);
	}
}

const POSITION = 'position.json';
const folderName = (step: number) => `step-${String(step).padStart(6, '0')}`;

/**
 * Writes weights, optimizer and averages in 32-bit floats. The folder appears whole or not at all, also after a power cut,
 * and only then are older ones removed, down to `keep`. What is already there of this step is this state, and stays.
 * @throws DiskRoomError before anything is written when it does not fit.
 */
export async function saveCheckpoint(checkpoints: string, state: TrainedState, position: Position, {keep}: {keep: number}): Promise<{folder: string; bytes: number}> {
	const folder = path.join(checkpoints, folderName(position.step));
	if (existsSync(folder)) return {folder, bytes: await folderBytes(folder)};
	requireRoom(checkpoints, state.checkpointBytes, `The checkpoint of step ${position.step}`);
	const stage = `${folder}.partial`;
	await rm(stage, {recursive: true, force: true});
	await mkdir(stage, {recursive: true});
	for (const [file, sets] of state.files()) {
		const tensors = sets.flatMap(({parameters, prefix}) => parameters.stored().map(({name, shape, dtype = 'F32' as const, read}) => ({name: prefix + name, dtype, shape, bytes: () => (dtype === 'U8' ? Uint8Array.from(read()) : encodeFloats(read(), 'F32'))})));
		await writeSafetensors(path.join(stage, file), tensors, {format: 'pt'});
	}
	await atomicWriteFile(path.join(stage, POSITION), `${JSON.stringify(position)}\n`);
	await rename(stage, folder);
	await syncFolder(checkpoints);
	await prune(checkpoints, keep);
	return {folder, bytes: await folderBytes(folder)};
}

/** Where a checkpoint was made. */
export const readPosition = async (folder: string): Promise<Position> => positionSchema.parse(JSON.parse(await readFile(path.join(folder, POSITION), 'utf8')));

/** Brings the state on the device to where the checkpoint was. @throws CheckpointError when it belongs to another run. */
export async function loadCheckpoint(folder: string, state: TrainedState, fingerprint: string): Promise<Position> {
	const position = await readPosition(folder);
	if (position.fingerprint !== fingerprint) {
		throw new CheckpointError(
			'The settings, the base model or the training images have changed since this checkpoint was written, so training would not continue where it was.',
			'Put them back as they were, or begin a new run from the weights: dreambooth train --further RUN.',
		);
	}
	await restore(folder, state.files());
	return position;
}

/** Brings the trained weights alone to where the checkpoint has them. */
export const loadWeights = (folder: string, state: TrainedState): Promise<void> => restore(folder, state.weightFiles());

async function restore(folder: string, files: ReturnType<TrainedState['files']>): Promise<void> {
	for (const [name, sets] of files) {
		const file = await openSafetensors(path.join(folder, name));
		try {
			for (const {parameters, prefix} of sets) await parameters.restore({readFloat32: name => numbersOf(file, prefix + name)});
		} finally {
			await file.close();
		}
	}
}

const numbersOf = async (file: SafetensorsFile, name: string): Promise<Float32Array> => (file.get(name).dtype === 'U8' ? Float32Array.from(await file.readBytes(name)) : file.readFloat32(name));

async function prune(checkpoints: string, keep: number): Promise<void> {
	const names = (await readdir(checkpoints)).filter(name => /^step-\d+$/.test(name)).sort();
	for (const name of names.slice(0, Math.max(0, names.length - Math.max(1, keep)))) await rm(path.join(checkpoints, name), {recursive: true, force: true});
}

async function folderBytes(folder: string): Promise<number> {
	const sizes = await Promise.all((await readdir(folder)).map(async name => (await stat(path.join(folder, name))).size));
	return sizes.reduce((total, size) => total + size, 0);
}
