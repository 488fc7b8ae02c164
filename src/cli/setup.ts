import type {Command} from 'commander';
import {detectGpus} from '../presets/index.ts';
import {programFile} from '../train/index.ts';
import {packageRoot} from '../train/protocol/index.ts';
import {countNvidiaCards, describeSetup, formatProgress, gpuHindrance, hasNvidia, removeRuntime, SetupError, setupGpuRuntime, setupRuntime, wheelsForGpu, type Progress, type Tell} from '../train/runtime/index.ts';
import {UsageError} from './usage-error.ts';

interface SetupFlags {
	readonly wheels?: string;
	readonly cpu?: boolean;
	readonly gpu?: boolean;
	readonly dryRun?: boolean;
	readonly remove?: boolean;
}

export function declare(command: Command): void {
	command
		.option('--wheels <folder>', 'take the wheels of TensorFlow and CUDA from this folder instead of downloading them')
		.option('--cpu', 'set up for the CPU only')
		.option('--gpu', 'set up for the GPU even if something speaks against it, and fail if that fails')
		.option('--dry-run', 'say what would be done, and do nothing')
		.option('--remove', 'remove the runtime; runs, presets and class images stay')
		.addHelpText('after', '\nWithout --cpu and --gpu: for the CPU, and for the GPU too where there is one that can be used.\nDREAMBOOTH_CUDA_LIBS=FOLDER has CUDA 12.9 and cuDNN taken from there.')
		.action(async (flags: SetupFlags) => {
			if (flags.cpu && flags.gpu) throw new UsageError('--cpu and --gpu exclude each other.', 'The CPU is set up with --gpu too: it takes over where the GPU fails.');
			if (flags.remove) return say((await removeRuntime()).map(folder => `Removed ${folder}.`), 'There is nothing to remove.');
			if (flags.dryRun) return say(await plan(flags));
			await withProgress(async tell => setupRuntime({...partsOf(flags), tell}));
			say(['TensorFlow works on the CPU.']);
			if (!flags.cpu) await setUpGpu(flags);
		});
}

const partsOf = ({wheels}: SetupFlags) => ({packageRoot: packageRoot(), probeProgram: programFile('probe'), ...(wheels !== undefined && {wheels})});

/** Whatever keeps a GPU from being used, the CPU is there to train on: only to whom has asked for the GPU that is a failure. */
async function setUpGpu(flags: SetupFlags): Promise<void> {
	try {
		const verdict = await withProgress(async tell => setupGpuRuntime({...partsOf(flags), tell, force: flags.gpu === true}));
		if (verdict) say(['TensorFlow works on the GPU.']);
	} catch (error) {
		if (flags.gpu || !(error instanceof SetupError)) throw error;
		say([`The GPU is not used: ${error.message}`, `What to do: ${error.action}`]);
	}
}

/** What would be done, for the CPU and for the GPU. */
async function plan({wheels, cpu, gpu}: SetupFlags): Promise<string[]> {
	const about = {packageRoot: packageRoot(), ...(wheels !== undefined && {wheels})};
	const forCpu = describeSetup(about);
	if (cpu) return forCpu;
	const [report, cards] = [await detectGpus(), countNvidiaCards()];
	if (!gpu && !hasNvidia(report, cards)) return forCpu;
	const hindrance = gpuHindrance(report, cards);
	return [
		'For the CPU:', ...forCpu, '', 'For the GPU:',
		...(hindrance ? [hindrance.message, hindrance.action] : []),
		...(hindrance && !gpu ? ['Nothing is set up for it.'] : describeSetup({...about, kind: 'gpu', parts: wheelsForGpu(report)})),
	];
}
const say = (lines: readonly string[], otherwise = '') => void process.stdout.write((lines.length > 0 ? lines : [otherwise]).map(line => `${line}\n`).join(''));

async function withProgress<T>(work: (tell: Tell) => Promise<T>): Promise<T> {
	const show = progressLine();
	return work(show.tell).finally(show.end);
}

/** One line that is rewritten in a terminal; elsewhere a line for each piece of work and every tenth of it. */
function progressLine(): {tell: (progress: Progress) => void; end: () => void} {
	const {stderr} = process;
	let last = '';
	return {
		tell(progress) {
			const tenth = progress.totalBytes ? Math.floor((10 * (progress.doneBytes ?? 0)) / progress.totalBytes) : 0;
			// A line that fills the last column would wrap, and could not be rewritten.
			const line = formatProgress(progress, stderr.isTTY ? (stderr.columns || 80) - 1 : undefined);
			const key = stderr.isTTY ? line : `${progress.what} ${tenth}`;
			if (key === last) return;
			last = key;
			stderr.write(stderr.isTTY ? `\r\u001B[K${line}` : `${line}\n`);
		},
		end() {
			if (stderr.isTTY && last !== '') stderr.write('\r\u001B[K');
		},
	};
}
