import type {ModelFacts} from '../base-model.ts';
import {chooseGpu, trainsOnGpu} from '../gpu.ts';
import type {Hardware} from '../hardware.ts';
import type {Gpu} from '../nvidia-smi.ts';
import {cpuProfile, gpuProfile, type EngineProfile} from './engine-profile.ts';
import type {MemoryConfig} from './memory-config.ts';
import {planMemory, type MemoryPlan} from './memory-model.ts';
import {autoencoderFactor, type UNetShape} from './model-shape.ts';

/** Where a run would take its memory. */
export interface Placement {
	readonly device: 'cpu' | 'gpu';
	readonly gpu?: Gpu;
	/** The card's name, or main memory. */
	readonly name: string;
	readonly totalBytes: number;
	/** Free now. */
	readonly availableBytes: number;
	/** What a plan may take of it: the rest is a margin for everything else that runs, and for the plan's own error. */
	readonly usableBytes: number;
	readonly profile: EngineProfile;
	/** Of the CPU. */
	readonly cores: number;
}

const usableShare = 0.9;

export interface PlacementWishes {
	/** `auto` takes the GPU where TensorFlow is set up for one. */
	readonly device?: 'auto' | 'cpu' | 'gpu';
	/** Which of several GPUs: as the setting. */
	readonly gpu?: string;
}

/** Whether a run with this device takes a GPU where there is one. */
export const wantsGpu = (device: 'auto' | 'cpu' | 'gpu'): boolean => device === 'gpu' || (device === 'auto' && trainsOnGpu());

/** Where a run on this machine would take its memory: on a GPU that can be used, else in main memory. */
export const placementOf = ({cpu: {cores}, gpu: report, memory}: Hardware, {device = 'auto', gpu: name}: PlacementWishes = {}): Placement => {
	const gpu = wantsGpu(device) ? chooseGpu(report, name) : undefined;
	return gpu ? placementOn(gpu, cores) : {device: 'cpu', name: 'main memory', ...memory, usableBytes: memory.availableBytes * usableShare, profile: cpuProfile, cores};
};

/** A card's memory, also of one that is not in this machine. */
export const placementOn = (gpu: Gpu, cores = 1): Placement => ({
	device: 'gpu',
	gpu,
	name: gpu.name,
	totalBytes: gpu.totalBytes,
	availableBytes: gpu.freeBytes,
	usableBytes: gpu.freeBytes * usableShare,
	profile: gpuProfile,
	cores,
});

/** Bytes of one image's activations at the first level, up to which an operation is too small to be shared by cores (measured: 64 KiB is, 1.3 MiB is not). */
const smallActivationBytes = 2 ** 19;

/** Whether a CPU cuts the batches of this model into lanes, one per core. `positions`: height times width of the latents. */
export const worksInLanes = ({blockOutChannels}: Pick<UNetShape, 'blockOutChannels'>, positions: number): boolean => 4 * positions * blockOutChannels[0] <= smallActivationBytes;

type Shaped = Pick<ModelFacts, 'shape'>;

/** The plan of a config where it would run. */
export const planFor = (config: MemoryConfig, {shape}: Shaped, {device, profile, cores}: Pick<Placement, 'device' | 'profile' | 'cores'>): MemoryPlan => {
	const positions = (config.resolution / autoencoderFactor(shape.autoencoder)) ** 2;
	return planMemory(config, shape, {profile, lanes: device === 'cpu' && worksInLanes(shape.unet, positions) ? cores : 1});
};

/** The peak of resident memory while training on a CPU of one core, in bytes. */
export const estimateTrainingMemory = (config: MemoryConfig, model: Shaped): number => planFor(config, model, {device: 'cpu', profile: cpuProfile, cores: 1}).peakBytes;
