import {mkdirSync, mkdtempSync, readdirSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {demoConfig, type Concept, type TrainingConfig} from '../../src/presets/index.ts';
import {train} from '../../src/train/loop.ts';
import type {Outcome, TrainerEvent} from '../../src/train/session.ts';
import {openSafetensors} from '../../src/train/weights/index.ts';

const folders: string[] = [];

export interface TrainingRun {
	readonly folder: string;
	readonly events: readonly TrainerEvent[];
	readonly outcome: Outcome;
	/** Events of one type, in their order. */
	said<T extends TrainerEvent['type']>(type: T): Extract<TrainerEvent, {type: T}>[];
	/** Every tensor of a checkpoint's file. */
	tensors(step: number, file: string): Promise<Map<string, Float32Array>>;
	checkpoint(step: number): string;
}

export interface RunOptions extends Partial<Omit<TrainingConfig, 'concepts'>> {
	readonly concepts?: readonly Partial<Concept>[];
}

/** The demo, small and plain: pictures of 64 pixels, one rate for all steps, no class images, no samples, a checkpoint after every step. */
export function smallConfig({concepts = [{}], ...settings}: RunOptions = {}): TrainingConfig {
	const demo = demoConfig({prior: false});
	return {
		...demo,
		learningRate: 1e-4, textEncoderLearningRate: 5e-5, learningRateSchedule: 'constant_with_warmup', minSnrGamma: 0,
		resolution: 32, maxSteps: 3, batchSize: 2, warmupSteps: 0, sampleEverySteps: 0, saveEverySteps: 1, keepCheckpoints: 20, samplingSteps: 2, deterministic: true, outputPrecision: 'f32', proofExport: false,
		...settings,
		concepts: concepts.map(concept => ({...demo.concepts[0], ...concept})),
	};
}

/** Trains in this process, to the end or from a checkpoint on. */
export async function trainingRun(config: TrainingConfig, {checkpoint, folder = newFolder(), onEvent}: {checkpoint?: string; folder?: string; onEvent?: (event: TrainerEvent) => void} = {}): Promise<TrainingRun> {
	const events: TrainerEvent[] = [];
	for (const name of ['samples', 'checkpoints', 'output']) mkdirSync(path.join(folder, name));
	const outcome = await train({
		runId: 'test',
		config,
		runFolder: folder,
		emit(event) {
			events.push(event);
			onEvent?.(event);
		},
		commands: {take: () => undefined, wait: () => Promise.reject(new Error('nobody commands'))},
		...(checkpoint !== undefined && {checkpoint}),
	});
	const checkpointOf = (step: number) => path.join(folder, 'checkpoints', `step-${String(step).padStart(6, '0')}`);
	return {
		folder,
		events,
		outcome,
		said: <T extends TrainerEvent['type']>(type: T) => events.filter((event): event is Extract<TrainerEvent, {type: T}> => event.type === type),
		tensors: (step, file) => tensorsOf(path.join(checkpointOf(step), file)),
		checkpoint: checkpointOf,
	};
}

export async function tensorsOf(file: string): Promise<Map<string, Float32Array>> {
	const opened = await openSafetensors(file);
	try {
		const tensors = new Map<string, Float32Array>();
		for (const name of opened.tensors.keys()) tensors.set(name, await opened.readFloat32(name));
		return tensors;
	} finally {
		await opened.close();
	}
}

export function newFolder(): string {
	const folder = mkdtempSync(path.join(os.tmpdir(), 'dreambooth-test-'));
	folders.push(folder);
	return folder;
}

export const removeFolders = () => folders.splice(0).forEach(folder => rmSync(folder, {recursive: true, force: true}));

/** ‖a − b‖ / ‖b − base‖ over all tensors: how far two results are apart, as a share of what training changed. */
export function difference(a: ReadonlyMap<string, Float32Array>, b: ReadonlyMap<string, Float32Array>, base?: ReadonlyMap<string, Float32Array>): number {
	let [apart, changed] = [0, 0];
	for (const [name, values] of b) {
		const [other, start] = [a.get(name)!, base?.get(name)];
		values.forEach((value, i) => {
			apart += (other[i] - value) ** 2;
			changed += (value - (start?.[i] ?? 0)) ** 2;
		});
	}
	return Math.sqrt(apart / changed);
}

export const filesIn = (folder: string): string[] => readdirSync(folder, {recursive: true, encoding: 'utf8'}).sort();

/** Names of tensors that are not the same to the bit. (A test framework's comparison of large arrays takes minutes.) */
export function changed(a: ReadonlyMap<string, Float32Array | Uint8Array>, b: ReadonlyMap<string, Float32Array | Uint8Array>): string[] {
	const bytes = (values: Float32Array | Uint8Array | undefined) => (values ? Buffer.from(values.buffer, values.byteOffset, values.byteLength) : Buffer.alloc(0));
	return [...new Set([...a.keys(), ...b.keys()])].filter(name => !bytes(a.get(name)).equals(bytes(b.get(name))));
}
