import {formatBytes} from './bytes.ts';
import type {Gpu, GpuReport} from './nvidia-smi.ts';

/** TensorFlow 2.21 has code for Pascal (6.0) to Hopper (9.0); what is newer fails at the first operation or ends the process. */
const oldestCapability = 6;
const newestCapability = 10;

/** bf16 arithmetic comes with Ampere. */
export const hasBf16 = ({computeCapability}: Gpu): boolean => computeCapability !== undefined && computeCapability >= 8;

/** The half precision that training takes on this GPU. f16, with its scaled loss, is for those without bf16. */
export const halfOf = (gpu: Gpu): 'bf16' | 'f16' => (hasBf16(gpu) ? 'bf16' : 'f16');

/** cuDNN's fused attention comes with Ampere. */
export const hasFusedAttention = hasBf16;

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
export const gpuUse = ({usedBytes, freeBytes, processes = []}: Gpu): string | undefined => {
	if (processes.length > 0) {
		const named = processes.map(({pid, name, usedBytes}) => `${name.split('/').pop()} (process ${pid}${usedBytes === undefined ? '' : `, ${formatBytes(usedBytes)}`})`);
		return `In use by ${named.join(', ')}: training has to do with the ${formatBytes(freeBytes)} that are left, and both get slower.`;
	}

	return usedBytes > idleBytes ? `${formatBytes(usedBytes)} are taken by programs that cannot be seen from here: training has to do with the ${formatBytes(freeBytes)} that are left.` : undefined;
};

/** Whether a name means this GPU: its number, or its UUID, of which the beginning is enough. */
const isCalled = ({index, uuid}: Gpu, name: string): boolean => name === String(index) || (name.startsWith('GPU-') && uuid?.startsWith(name) === true);

/**
 * What is left of the GPUs for a process with this value of CUDA_VISIBLE_DEVICES. Its numbers are read as nvidia-smi counts, which is
 * what those mean who write them. Parts of a card (MIG) are not told apart.
 */
export const visibleGpus = (report: GpuReport, visibleDevices: string | undefined): GpuReport => {
	if (report.state !== 'present' || visibleDevices === undefined || visibleDevices.includes('MIG-')) {
		return report;
	}

	const names = visibleDevices.split(',').map(name => name.trim());
	const gpus = report.gpus.filter(gpu => names.some(name => isCalled(gpu, name)));
	return gpus.length > 0 ? {state: 'present', gpus} : {state: 'none', hidden: report.gpus.length};
};

/** The GPUs that a value of the setting means, also those that cannot be used; all of them with `auto`. */
export const gpusCalled = (report: GpuReport, name: string): readonly Gpu[] => (report.state === 'present' ? report.gpus.filter(gpu => name === 'auto' || isCalled(gpu, name)) : []);

/** The GPU to train on: the one of this name, or the one with the most free memory of those that can be used. */
export const chooseGpu = (report: GpuReport, name = 'auto'): Gpu | undefined => {
	const usable = gpusCalled(report, name).filter(gpu => gpuFault(gpu) === undefined);
	return usable.length > 0 ? usable.reduce((best, gpu) => (gpu.freeBytes > best.freeBytes ? gpu : best)) : undefined;
};

/** Why there is no GPU of this name to train on, as a whole sentence; undefined when there is one. */
export const whyNoGpu = (report: GpuReport, name = 'auto'): string | undefined => {
	if (chooseGpu(report, name)) {
		return undefined;
	}

	switch (report.state) {
		case 'present': {
			const faults = gpusCalled(report, name).map(gpuFault).filter(fault => fault !== undefined);
			return faults.length > 0 ? faults.join(' ') : `There is no GPU ${name}; there ${report.gpus.length === 1 ? 'is' : 'are'} ${report.gpus.map(({index, name}) => `GPU ${index} (${name})`).join(', ')}.`;
		}

		case 'driver-fails': {
			return `The NVIDIA driver does not work: ${report.message.split('\n')[0]}`;
		}

		case 'none': {
			return report.hidden === undefined ? 'There is no NVIDIA GPU.' : hiddenGpus(report.hidden);
		}

		case 'no-driver': {
			return 'There is no NVIDIA driver (nvidia-smi not found), and so no GPU to train on.';
		}
	}
};

/** What CUDA_VISIBLE_DEVICES has done, as a whole sentence. */
export const hiddenGpus = (count: number): string => `CUDA_VISIBLE_DEVICES hides ${count === 1 ? 'the GPU' : `all ${count} GPUs`} of this machine from this program.`;

let isGpuSetUp = (): boolean => false;

/** Who knows of the TensorFlow that is installed says how to find out whether it works on this machine's GPU. */
export const informOfGpuSetup = (isReady: () => boolean): void => {
	isGpuSetUp = isReady;
};

/** Whether TensorFlow is set up for the GPU, so that training takes one where there is one. */
export const trainsOnGpu = (): boolean => isGpuSetUp();
