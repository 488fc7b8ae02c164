import {spawn} from 'node:child_process';

export interface Gpu {
	/** As nvidia-smi counts, in the order of the bus. */
	readonly index: number;
	/** Such as GPU-5d9a..., which stays the same when others are added. */
	readonly uuid?: string;
	readonly name: string;
	/** Such as 8.6; absent from drivers too old to tell. */
	readonly computeCapability?: number;
	readonly totalBytes: number;
	readonly usedBytes: number;
	readonly freeBytes: number;
	readonly driver: string;
	/** Programs that compute on it. Empty inside a container, which does not see those outside; a screen is not among them. */
	readonly processes?: readonly GpuProcess[];
}

export interface GpuProcess {
	readonly pid: number;
	readonly name: string;
	/** Absent where the driver does not tell. */
	readonly usedBytes?: number;
}

/** What nvidia-smi says of the machine's GPUs. */
export type GpuReport =
	| {readonly state: 'present'; readonly gpus: readonly Gpu[]}
	/** The driver works and finds no GPU; or it finds this many, and CUDA_VISIBLE_DEVICES leaves none of them. */
	| {readonly state: 'none'; readonly hidden?: number}
	/** There is no nvidia-smi, so there is no NVIDIA driver. */
	| {readonly state: 'no-driver'}
	/** nvidia-smi is there and fails; `message` is what it said. */
	| {readonly state: 'driver-fails'; readonly message: string};

interface Output {
	readonly code: number | null;
	readonly text: string;
}

/** Runs a command for at most `timeoutMs`. A process that a broken driver holds in the kernel cannot be killed, so its end is not waited for. */
const outputOf = async (command: string, args: readonly string[], timeoutMs: number): Promise<Output | 'missing' | 'timeout'> =>
	new Promise((resolve, reject) => {
		const child = spawn(command, args, {stdio: ['ignore', 'pipe', 'pipe']});
		let text = '';
		const collect = (chunk: Buffer): void => {
			text += chunk.toString();
		};

		child.stdout.on('data', collect);
		child.stderr.on('data', collect);
		const timer = setTimeout(() => {
			child.kill('SIGKILL');
			child.stdout.destroy();
			child.stderr.destroy();
			child.unref();
			resolve('timeout');
		}, timeoutMs);
		child.on('error', (error: NodeJS.ErrnoException) => {
			clearTimeout(timer);
			if (error.code === 'ENOENT') {
				resolve('missing');
			} else {
				reject(error);
			}
		});
		child.on('close', code => {
			clearTimeout(timer);
			resolve({code, text: text.trim()});
		});
	});

/** In the order of the columns. A driver that is too old for a later one is asked without it. */
const fields = ['index', 'name', 'memory.total', 'memory.used', 'memory.free', 'driver_version', 'uuid'] as const;
const mebibyte = 2 ** 20;

/** `nounits` prints memory in MiB; what a card cannot tell reads [N/A], [Not Supported] or [Insufficient Permissions]. */
const mebibytes = (text: string | undefined): number | undefined => {
	const value = Number(text);
	return text !== undefined && text !== '' && Number.isFinite(value) ? value * mebibyte : undefined;
};

const columnsOf = (line: string): readonly string[] => line.split(',').map(value => value.trim());

const parseGpu = (line: string): Gpu | undefined => {
	const [index, name, total, used, free, driver, uuid, capability] = columnsOf(line);
	const totalBytes = mebibytes(total);
	if (!name || !driver || totalBytes === undefined) {
		return undefined;
	}

	const usedBytes = mebibytes(used) ?? 0;
	const computeCapability = Number.parseFloat(capability ?? '');
	return {
		index: Number(index),
		name,
		totalBytes,
		usedBytes,
		freeBytes: mebibytes(free) ?? totalBytes - usedBytes,
		driver,
		...(uuid?.startsWith('GPU-') ? {uuid} : {}),
		...(Number.isFinite(computeCapability) ? {computeCapability} : {}),
	};
};

/** The uuid of the GPU that a line is about, and the process. Names may hold commas: they are between the first two columns and the last. */
const parseProcess = (line: string): {readonly uuid: string; readonly process: GpuProcess} | undefined => {
	const columns = columnsOf(line);
	const [uuid, pid] = columns;
	if (!uuid?.startsWith('GPU-') || !/^\d+$/.test(pid ?? '')) {
		return undefined;
	}

	const usedBytes = mebibytes(columns[columns.length - 1]);
	return {uuid, process: {pid: Number(pid), name: columns.slice(2, -1).join(', '), ...(usedBytes === undefined ? {} : {usedBytes})}};
};

const withProcesses = (gpus: readonly Gpu[], output: Output | 'missing' | 'timeout'): readonly Gpu[] => {
	if (typeof output === 'string' || output.code !== 0) {
		return gpus;
	}

	const found = output.text.split('\n').map(parseProcess).filter(one => one !== undefined);
	return gpus.map(gpu => (gpu.uuid === undefined ? gpu : {...gpu, processes: found.filter(({uuid}) => uuid === gpu.uuid).map(({process}) => process)}));
};

/** Asks nvidia-smi for the GPUs, their memory and driver, and what runs on them. Never throws: what goes wrong is an answer, too. */
export const queryGpus = async ({command = 'nvidia-smi', timeoutMs = 3000}: {readonly command?: string; readonly timeoutMs?: number} = {}): Promise<GpuReport> => {
	const query = async (what: string, names: readonly string[]) => outputOf(command, [`--query-${what}=${names.join(',')}`, '--format=csv,noheader,nounits'], timeoutMs);
	try {
		let output = await query('gpu', [...fields, 'compute_cap']);
		if (typeof output !== 'string' && /not a valid field/i.test(output.text)) {
			// Drivers before 510 do not know compute_cap.
			output = await query('gpu', fields);
		}

		if (output === 'missing') {
			return {state: 'no-driver'};
		}

		if (output === 'timeout') {
			return {state: 'driver-fails', message: `nvidia-smi gave no answer within ${timeoutMs / 1000} seconds`};
		}

		if (/no devices were found/i.test(output.text)) {
			return {state: 'none'};
		}

		if (output.code !== 0) {
			return {state: 'driver-fails', message: output.text || `nvidia-smi ended with code ${output.code}`};
		}

		const gpus = output.text.split('\n').map(parseGpu).filter(gpu => gpu !== undefined);
		if (gpus.length === 0) {
			return {state: 'driver-fails', message: `nvidia-smi gave an answer that cannot be read: ${output.text}`};
		}

		return {state: 'present', gpus: withProcesses(gpus, await query('compute-apps', ['gpu_uuid', 'pid', 'process_name', 'used_memory']))};
	} catch (error) {
		return {state: 'driver-fails', message: error instanceof Error ? error.message : String(error)};
	}
};
