import {existsSync, readFileSync} from 'node:fs';
import {mkdir, rename, rm, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {requireRoom, setupDiskBytes} from './disk.ts';
import {obtainWheel, requireWheels} from './fetch-wheel.ts';
import type {Tell} from './progress.ts';
import {unpackWheel} from './unpack.ts';
import {downloadFolder, wheelFile, type Wheel} from './wheel.ts';

export interface Installation {
	/** The folder that gets what is in them. */
	readonly runtime: string;
	/** Where everything fetched is kept. */
	readonly cache: string;
	/** Folder that holds the wheels, for machines without network. */
	readonly from?: string;
	readonly tell: Tell;
}

/**
 * Unpacks the wheels that a runtime lacks, one after another, so that the disk has to hold only one of them packed. The folder of each
 * appears whole or not at all: an interrupted installation goes on with the wheel that it was at.
 * @throws SetupError
 */
export async function installWheels(wheels: readonly Wheel[], {runtime, cache, from, tell}: Installation): Promise<void> {
	const lacking = lackingWheels(wheels, runtime);
	const stage = stageOf(runtime);
	await rm(stage, {recursive: true, force: true});
	if (from !== undefined) requireWheels(lacking, from);
	const fetched = new Set(from === undefined ? lacking.filter(wheel => existsSync(path.join(downloadFolder(cache), wheelFile(wheel)))) : lacking);
	if (lacking.length > 1) requireRoom(cache, setupDiskBytes(lacking, {download: fetched.size < lacking.length}));

	const totalBytes = lacking.reduce((sum, {bytes}) => sum + bytes, 0);
	let beforeBytes = 0;
	for (const [i, wheel] of lacking.entries()) {
		const share = lacking.length > 1 ? {part: i + 1, parts: lacking.length, beforeBytes, totalBytes} : undefined;
		const file = await obtainWheel({wheel, cache, ...(from !== undefined && {wheels: from}), tell, ...(share && {share})});
		await unpackWheel(wheel, file, stage, tell);
		await writeFile(markerOf(wheel, stage), wheelFile(wheel));
		const target = path.join(runtime, wheel.folder);
		await mkdir(path.dirname(target), {recursive: true});
		await rm(target, {recursive: true, force: true});
		await rename(path.join(stage, wheel.folder), target);
		if (from === undefined) await rm(file);
		beforeBytes += wheel.bytes;
	}
	for (const folder of [stage, downloadFolder(cache)]) await rm(folder, {recursive: true, force: true});
}

export const lackingWheels = (wheels: readonly Wheel[], runtime: string): readonly Wheel[] => wheels.filter(wheel => !isInstalled(wheel, runtime));

/** Whether all files of a wheel are there, and of this version where that is written down. */
function isInstalled(wheel: Wheel, runtime: string): boolean {
	const marker = markerOf(wheel, runtime);
	return wheel.files.every(file => existsSync(path.join(runtime, file))) && (!existsSync(marker) || readFileSync(marker, 'utf8') === wheelFile(wheel));
}

/** Where a wheel is unpacked to, before it appears all at once. */
export const stageOf = (runtime: string): string => `${runtime}.partial`;

const markerOf = ({folder}: Wheel, runtime: string): string => path.join(runtime, folder, 'from-wheel');
