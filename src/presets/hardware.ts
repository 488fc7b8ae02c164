import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {formatBytes} from './bytes.ts';
import {cgroupLimits, type CgroupLimits} from './cgroup.ts';
import {gpuFault, gpuUse, hiddenGpus, visibleGpus} from './gpu.ts';
import {queryGpus, type GpuReport} from './nvidia-smi.ts';

/** What this process may use of the machine. */
export interface Hardware {
	readonly cpu: {
		readonly model: string;
		/** Cores this process may use: what affinity and control groups leave. */
		readonly cores: number;
	};
	readonly memory: {
		readonly totalBytes: number;
		/** What can be taken now without swapping. */
		readonly availableBytes: number;
	};
	readonly disk: {
		readonly folder: string;
		readonly freeBytes: number;
	};
	/** Those that CUDA_VISIBLE_DEVICES leaves. */
	readonly gpu: GpuReport;
}

export interface DetectOptions {
	/** The folder whose disk room is asked for; it need not exist yet. The working directory when left out. */
	readonly folder?: string;
	readonly nvidiaSmi?: string;
	readonly timeoutMs?: number;
	/** CUDA_VISIBLE_DEVICES is read from it; this process's own when left out. */
	readonly environment?: NodeJS.ProcessEnv;
	/** Root of the file system that describes the machine. */
	readonly root?: string;
}

/** Looks at CPU, memory, disk and GPUs. Takes some 30 ms, at most `timeoutMs` (3 s) when the GPU driver hangs. */
export const detectHardware = async ({folder = process.cwd(), root = '/', ...about}: DetectOptions = {}): Promise<Hardware> => {
	const limits = cgroupLimits(root);
	const memory = machineMemory(root);
	return {
		cpu: {
			model: os.cpus()[0]?.model.trim() || 'unknown CPU',
			cores: coresWithin(limits),
		},
		memory: {
			totalBytes: Math.min(memory.totalBytes, limits.memoryLimitBytes ?? Infinity),
			availableBytes: Math.min(memory.availableBytes, limits.memoryAvailableBytes ?? Infinity),
		},
		disk: diskRoom(folder),
		gpu: await detectGpus(about),
	};
};

/** The GPUs that this process may use. Never throws: what goes wrong is an answer, too. */
export const detectGpus = async ({nvidiaSmi, timeoutMs, environment = process.env}: Pick<DetectOptions, 'nvidiaSmi' | 'timeoutMs' | 'environment'> = {}): Promise<GpuReport> =>
	visibleGpus(await queryGpus({...(nvidiaSmi === undefined ? {} : {command: nvidiaSmi}), ...(timeoutMs === undefined ? {} : {timeoutMs})}), environment.CUDA_VISIBLE_DEVICES);

/** Cores this process may use: what affinity and control groups leave. */
export const availableCores = (root = '/'): number => coresWithin(cgroupLimits(root));

const coresWithin = ({cpus = Infinity}: CgroupLimits): number => Math.max(1, Math.min(os.availableParallelism(), Math.ceil(cpus)));

/** MemAvailable counts the file cache that can be dropped; os.freemem does not on every system. */
const machineMemory = (root: string): Hardware['memory'] => {
	let meminfo = '';
	try {
		meminfo = fs.readFileSync(path.join(root, 'proc/meminfo'), 'utf8');
	} catch {}

	const kibibytes = (key: string): number | undefined => {
		const match = new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(meminfo);
		return match ? Number(match[1]) * 1024 : undefined;
	};

	return {totalBytes: kibibytes('MemTotal') ?? os.totalmem(), availableBytes: kibibytes('MemAvailable') ?? os.freemem()};
};

/** Free room on the disk that holds, or will hold, a folder. Throws when no folder above it can be read. */
export const diskRoom = (folder: string): Hardware['disk'] => {
	let existing = path.resolve(folder);
	while (!fs.existsSync(existing) && path.dirname(existing) !== existing) {
		existing = path.dirname(existing);
	}

	const {bavail, bsize} = fs.statfsSync(existing);
	return {folder, freeBytes: bavail * bsize};
};

const describeGpus = (report: GpuReport): readonly string[] => {
	switch (report.state) {
		case 'present': {
			const {gpus} = report;
			return gpus.flatMap(gpu => {
				const {index, name, computeCapability, freeBytes, totalBytes, driver} = gpu;
				const label = gpus.length > 1 ? `GPU ${index}` : 'GPU';
				const capability = computeCapability === undefined ? '' : ` (compute ${computeCapability.toFixed(1)})`;
				const notes = [gpuFault(gpu), gpuUse(gpu)].filter(note => note !== undefined);
				return [`${label.padEnd(8)}${name}${capability}, ${formatBytes(freeBytes)} of ${formatBytes(totalBytes)} free, driver ${driver}`, ...notes.map(note => `        ${note}`)];
			});
		}

		case 'none': {
			return [report.hidden === undefined ? 'GPU     none: the NVIDIA driver finds no device' : `GPU     none: ${hiddenGpus(report.hidden)}`];
		}

		case 'no-driver': {
			return ['GPU     none: there is no NVIDIA driver (nvidia-smi not found)'];
		}

		case 'driver-fails': {
			return [`GPU     cannot be used: the NVIDIA driver does not work: ${report.message.split('\n')[0]}`];
		}
	}
};

/** The machine in a few lines. */
export const describeHardware = ({cpu, memory, disk, gpu}: Hardware): string =>
	[
		`CPU     ${cpu.model}, ${cpu.cores} ${cpu.cores === 1 ? 'core' : 'cores'}`,
		`Memory  ${formatBytes(memory.availableBytes)} of ${formatBytes(memory.totalBytes)} available`,
		`Disk    ${formatBytes(disk.freeBytes)} free in ${disk.folder}`,
		...describeGpus(gpu),
	].join('\n');
