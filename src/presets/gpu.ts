import {formatBytes} from './bytes.ts';
import type {Gpu, GpuReport} from './nvidia-smi.ts';

/** TensorFlow 2.21 has code for Pascal (6.0) to Hopper (9.0); what is newer fails at the first operation or ends the process. */
const oldestCapability = 6;
const newestCapability = 10;

/** bf16 arithmetic comes with Ampere. */
export const hasBf16 = ({computeCapability}: Gpu): boolean => computeCapability !== undefined && computeCapability >= 8;

/** Why this GPU cannot be used, as a whole sentence; undefined when it can. */
export const gpuFault = ({name, computeCapability}: Gpu): string | undefined => {
	if (computeCapability === undefined) {
		return undefined;
	}

	const has = `has compute capability ${computeCapability.toFixed(1)}`;
	if (computeCapability >= newestCapability) {
		return `The ${name} ${has}, which is newer than TensorFlow 2.21 knows (up to 9.x). It cannot be used; training runs on the CPU or an older card.`;
	}

	return computeCapability < oldestCapability ? `The ${name} ${has}, which is older than TensorFlow 2.21 supports (from 6.0). It cannot be used; training runs on the CPU or a newer card.` : undefined;
};

/** Less than this is what a driver and a screen take. */
const idleBytes = 2 ** 30;

/** Who else uses it, as a whole sentence; undefined when it is free. */
export const gpuUse = ({usedBytes, processes = []}: Gpu): string | undefined => {
	if (processes.length > 0) {
		const named = processes.map(({pid, name, usedBytes}) => `${name.split('/').pop()} (process ${pid}${usedBytes === undefined ? '' : `, ${formatBytes(usedBytes)}`})`);
		return `In use by ${named.join(', ')}: training has to do with the memory that is left, and both get slower.`;
	}

	return usedBytes > idleBytes ? `${formatBytes(usedBytes)} are taken by programs that cannot be seen from here: training has to do with the memory that is left.` : undefined;
};

/** The GPU to train on: the one with this index, or the one with the most free memory of those that can be used. */
export const chooseGpu = (report: GpuReport, index?: number): Gpu | undefined => {
	const usable = report.state === 'present' ? report.gpus.filter(gpu => gpuFault(gpu) === undefined && (index === undefined || gpu.index === index)) : [];
	return usable.length > 0 ? usable.reduce((best, gpu) => (gpu.freeBytes > best.freeBytes ? gpu : best)) : undefined;
};

/** Whether this version trains on GPUs. */
export const trainsOnGpu: boolean = false;
