import {spawn} from 'node:child_process';

export interface Gpu {
	readonly index: number;
	readonly name: string;
	/** Such as 8.6; absent from drivers too old to tell. */
	readonly computeCapability?: number;
	readonly totalBytes: number;
	readonly usedBytes: number;
	readonly freeBytes: number;
	readonly driver: string;
}

/** What nvidia-smi says of the machine's GPUs. */
export type GpuReport =
	| {readonly state: 'present'; readonly gpus: readonly Gpu[]}
	/** The driver works and finds no GPU. */
	| {readonly state: 'none'}
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

const fields = ['index', 'name', 'memory.total', 'memory.used', 'memory.free', 'driver_version'] as const;
const mebibyte = 2 ** 20;

/** `nounits` prints memory in MiB; what a card cannot tell reads [N/A]. */
const parseGpu = (line: string): Gpu | undefined => {
	const [index, name, total, used, free, driver, capability] = line.split(',').map(value => value.trim());
	const totalBytes = Number(total) * mebibyte;
	if (!name || !driver || !Number.isFinite(totalBytes)) {
		return undefined;
	}

	const usedBytes = (Number(used) || 0) * mebibyte;
	const computeCapability = Number.parseFloat(capability ?? '');
	return {
		index: Number(index),
		name,
		totalBytes,
		usedBytes,
		freeBytes: Number.isFinite(Number(free)) ? Number(free) * mebibyte : totalBytes - usedBytes,
		driver,
		...(Number.isFinite(computeCapability) ? {computeCapability} : {}),
	};
};

/** Asks nvidia-smi for the GPUs, their memory and driver. Never throws: what goes wrong is an answer, too. */
export const queryGpus = async ({command = 'nvidia-smi', timeoutMs = 3000}: {readonly command?: string; readonly timeoutMs?: number} = {}): Promise<GpuReport> => {
	const query = async (names: readonly string[]) => outputOf(command, [`--query-gpu=${names.join(',')}`, '--format=csv,noheader,nounits'], timeoutMs);
	try {
		let output = await query([...fields, 'compute_cap']);
		if (typeof output !== 'string' && /not a valid field/i.test(output.text)) {
			// Drivers before 510 do not know compute_cap.
			output = await query(fields);
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
		return gpus.length > 0 ? {state: 'present', gpus} : {state: 'driver-fails', message: `nvidia-smi gave an answer that cannot be read: ${output.text}`};
	} catch (error) {
		return {state: 'driver-fails', message: error instanceof Error ? error.message : String(error)};
	}
};
