import {createHash} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import type {ModelFacts} from '../base-model.ts';
import {rowsOf, type MemoryConfig} from './memory-config.ts';
import type {LineBytes, MemoryLine, MemoryPhase, MemoryPlan, PhaseMemory} from './memory-model.ts';
import type {Placement} from './placement.ts';

/**
 * What a few real steps teach about a plan. The trainer measures the peak of its first steps and records it here, by machine and
 * by everything of the config that decides about memory; the next plan of the same is corrected by it.
 */

/** How many bytes these take follows from the model; the others depend on the engine and are what a measurement corrects. */
const certain: ReadonlySet<MemoryLine> = new Set(['weights', 'textEncoder', 'autoencoder', 'gradients', 'optimizer', 'ema', 'casts']);

const bytesOf = (lines: LineBytes, wanted: (line: MemoryLine) => boolean): number =>
	(Object.entries(lines) as [MemoryLine, number][]).reduce((sum, [line, bytes]) => (wanted(line) ? sum + bytes : sum), 0);

/** What has run when the first steps are done. */
const measuredPhases: ReadonlySet<MemoryPhase> = new Set(['load', 'encode', 'step', 'update']);

/**
 * The plan of a run whose peak up to its first steps was measured: what the engine takes (activations, working memory, context,
 * gaps) is scaled, in all phases alike, so that the largest of them is at that peak. When less was measured than weights and
 * state alone take, the whole plan is scaled.
 */
export const correctPlan = (plan: MemoryPlan, measuredBytes: number): MemoryPlan => {
	const measured = plan.phases.filter(({phase}) => measuredPhases.has(phase));
	const factor = Math.min(...measured.map(({lines, bytes}) => {
		const known = bytesOf(lines, line => certain.has(line));
		return (measuredBytes - known) / (bytes - known);
	}));
	const whole = measuredBytes / Math.max(...measured.map(({bytes}) => bytes));
	const [scaleKnown, scaleOther] = factor > 0 ? [1, factor] : [whole, whole];
	const scaled = (lines: LineBytes): LineBytes => Object.fromEntries((Object.entries(lines) as [MemoryLine, number][]).map(([line, bytes]) => [line, bytes * (certain.has(line) ? scaleKnown : scaleOther)]));
	const phases = plan.phases.map(({phase, lines}): PhaseMemory => ({phase, lines: scaled(lines), bytes: bytesOf(scaled(lines), () => true)}));
	const peak = phases.reduce((most, one) => (one.bytes > most.bytes ? one : most));
	return {...plan, calibrated: true, phases, peak, peakBytes: peak.bytes, lines: scaled(plan.lines)};
};

/** Names a machine's memory together with all of a config that decides how much of it is taken. */
export const correctionKey = (config: MemoryConfig, {shape}: Pick<ModelFacts, 'shape'>, {name, totalBytes, profile, cores, device}: Placement): string => {
	const {resolution, crop, padTokens, maxTokenLength, gradientAccumulation, trainUnet, trainTextEncoder, ema, emaMemory, precision, attention, gradientCheckpointing, cacheLatents, engine, optimizer, training, loraRank, loraTextEncoderRank, loraTargets} = config;
	const decisive = {resolution, crop, padTokens, maxTokenLength, gradientAccumulation, trainUnet, trainTextEncoder, ema, emaMemory, precision, attention, gradientCheckpointing, cacheLatents, engine, optimizer, training, ...(training === 'lora' && {loraRank, loraTextEncoderRank, loraTargets})};
	return createHash('sha256').update(JSON.stringify([name, totalBytes, profile.name, device === 'cpu' ? cores : 0, shape, rowsOf(config), decisive])).digest('hex').slice(0, 16);
};

const file = (cacheFolder: string): string => path.join(cacheFolder, 'measured-memory.json');
const measuredSchema = z.record(z.string(), z.number().positive());

/** A file that is damaged is as good as none: it is measured again. */
const readAll = (cacheFolder: string): Readonly<Record<string, number>> => {
	try {
		return measuredSchema.parse(JSON.parse(fs.readFileSync(file(cacheFolder), 'utf8')));
	} catch {
		return {};
	}
};

/** The peak that was measured under this key, in bytes; undefined when there is none. */
export const readMeasured = (cacheFolder: string, key: string): number | undefined => readAll(cacheFolder)[key];

/** Records a measured peak. Of two processes that write at once one wins, and no reader ever sees half a file. */
export const writeMeasured = (cacheFolder: string, key: string, bytes: number): void => {
	fs.mkdirSync(cacheFolder, {recursive: true});
	const stage = `${file(cacheFolder)}.${process.pid}`;
	fs.writeFileSync(stage, `${JSON.stringify({...readAll(cacheFolder), [key]: Math.round(bytes)}, null, '\t')}\n`);
	fs.renameSync(stage, file(cacheFolder));
};
