import {readFile} from 'node:fs/promises';
import path from 'node:path';
import {addNoise, createSampler, noiseSchedule, samplers, signalToNoise, timestepEmbedding, velocity, type Sampler} from '../../src/train/diffusion/index.ts';
import {openSafetensors, parseSchedulerConfig, type SafetensorsFile} from '../../src/train/weights/index.ts';
import {largestDifference, largestRelativeDifference, relativeL2, type Check, type Section} from './check.ts';

type Json = Record<string, unknown>;

interface NoiseScheduleJson {
	readonly config: Json;
	readonly tolerance: {readonly relative: number; readonly snr_relative: number; readonly embedding_abs: number};
}

interface SamplersJson {
	readonly steps: readonly number[];
	readonly tolerance: {readonly timesteps_abs: number; readonly sigmas_relative: number; readonly trajectory_relative_l2: number};
	readonly cases: Readonly<Record<string, {readonly class: string; readonly config: Json; readonly init_noise_sigma: Readonly<Record<string, number>>}>>;
}

export const schedulers: Section = {
	title: '6. schedulers',
	async *run(fixtures) {
		const folder = path.join(fixtures, 'schedulers');
		yield* noiseScheduleChecks(folder);
		yield* samplerChecks(folder);
	},
};

async function* noiseScheduleChecks(folder: string): AsyncGenerator<Check> {
	const {config, tolerance} = (await readJson(folder, 'noise-schedule.json')) as unknown as NoiseScheduleJson;
	const file = await openSafetensors(path.join(folder, 'noise-schedule.safetensors'));
	const timesteps = await file.readInt32('timesteps');
	const latents = await file.readFloat32('latents');
	const noise = await file.readFloat32('noise');
	for (const [prefix, extra] of [['', {}], ['zero_snr/', {rescale_betas_zero_snr: true}]] as const) {
		const schedule = noiseSchedule(parseSchedulerConfig({...config, ...extra}));
		const compare = async (name: string, actual: Float32Array, difference = largestRelativeDifference, limit = tolerance.relative) => ({
			name: `noise schedule ${prefix}${name}`,
			worst: difference(actual, await file.readFloat32(prefix + name)),
			tolerance: limit,
		});
		// A rescaled beta is a difference of numbers near 1: its last bits are the rounding of a square root, so all betas are compared together.
		yield compare('betas', schedule.betas, prefix ? relativeL2 : largestRelativeDifference);
		yield compare('alphas_cumprod', schedule.alphasCumprod);
		if (!prefix) yield compare('snr', signalToNoise(schedule), largestRelativeDifference, tolerance.snr_relative);
		yield compare('noisy', addNoise(schedule, latents, noise, timesteps), relativeL2);
		yield compare('velocity', velocity(schedule, latents, noise, timesteps), relativeL2);
	}
	const embedded = await file.readInt32('embedding/timesteps');
	for (const name of [...file.tensors.keys()].filter(key => /^embedding\/\d+$/.test(key))) {
		const width = Number(name.split('/')[1]);
		const actual = timestepEmbedding(embedded, width, {flipSinToCos: true, frequencyShift: 0});
		yield {name: `timestep embedding, width ${width} (absolute)`, worst: largestDifference(actual, await file.readFloat32(name)), tolerance: tolerance.embedding_abs};
	}
	await file.close();
}

async function* samplerChecks(folder: string): AsyncGenerator<Check> {
	const {cases, steps, tolerance} = (await readJson(folder, 'samplers.json')) as unknown as SamplersJson;
	const file = await openSafetensors(path.join(folder, 'samplers.safetensors'));
	const start = await file.readFloat32('start');
	const noise = await file.readFloat32('noise');
	for (const [name, {class: className, config, init_noise_sigma: scales}] of Object.entries(cases)) {
		const definition = samplers.find(({schedulerClass}) => schedulerClass === className);
		if (!definition) throw new Error(`${name}: there is no sampler for ${className}`);
		const saved = parseSchedulerConfig({...config, _class_name: className});
		const eta = Number(/-eta-(\d+)/.exec(name)?.[1] ?? 0);
		for (const count of steps) {
			const sampler = createSampler(definition.name, saved, count, {eta});
			const compare = async (tensor: string, difference: typeof relativeL2, actual: ArrayLike<number>, limit: number) => ({
				name: `${name}, ${count} steps: ${tensor}`,
				worst: difference(actual, await file.readFloat32(`${name}/${count}/${tensor}`)),
				tolerance: limit,
			});
			const trajectory = walk(sampler, start, noise);
			yield compare('timesteps', largestDifference, sampler.timesteps, tolerance.timesteps_abs);
			yield {name: `${name}, ${count} steps: initial noise`, worst: largestRelativeDifference([sampler.initialNoiseScale], [scales[count]]), tolerance: tolerance.sigmas_relative};
			if (holds(file, `${name}/${count}/sigmas`)) yield compare('sigmas', largestRelativeDifference, sampler.sigmas ?? [], tolerance.sigmas_relative);
			if (holds(file, `${name}/${count}/trajectory`)) yield compare('trajectory', relativeL2, trajectory.flatMap(latent => [...latent]), tolerance.trajectory_relative_l2);
			if (holds(file, `${name}/${count}/final`)) yield compare('final', relativeL2, trajectory[trajectory.length - 1], tolerance.trajectory_relative_l2);
		}
	}
	await file.close();
}

/** The latent after every call, with the fixtures' stand-in for a network: 0.9·x·t/(t+1) + 0.1·sin(3x + 0.01t). */
function walk(sampler: Sampler, start: Float32Array, noise: Float32Array): Float32Array[] {
	let x: Float32Array = start.map(value => value * sampler.initialNoiseScale);
	return Array.from(sampler.timesteps, (t, i) => {
		const output = sampler.scaleInput(x, i).map(value => (0.9 * value * t) / (t + 1) + 0.1 * Math.sin(3 * value + 0.01 * t));
		x = sampler.step(output, x, i, sampler.needsNoise ? noise.subarray(i * x.length, (i + 1) * x.length) : undefined);
		return x;
	});
}

const holds = (file: SafetensorsFile, name: string) => file.tensors.has(name);
const readJson = async (folder: string, name: string) => JSON.parse(await readFile(path.join(folder, name), 'utf8')) as Json;
