// The trainer of bench/gpu/out-of-memory.ts: the program's own, which in mid-run takes what is left of the device's memory and holds it. It does so between
// two checkpoints, in each life until the run has given something up: a trainer that died of anything else would meet the same again.
import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {train} from '../../src/train/loop.ts';
import {readRun} from '../../src/train/protocol/index.ts';
import {informPresets, loadRuntime, type Runtime} from '../../src/train/runtime/index.ts';
import {saysOutOfMemory} from '../../src/train/out-of-memory.ts';
import {runTrainer} from '../../src/train/trainer-process.ts';

/** Large pieces first; the small ones fill what the pool holds between them, so that no step finds room there. */
const PIECES_MIB = [4096, 256, 16];
/** What a process on the CPU may take from then on, where the machine's memory is not ours to use up. */
const CPU_ROOM_MIB = 1024;

informPresets();
await runTrainer(async session => {
	const isFirst = readRun(session.runFolder).record.savings === undefined;
	const fullAt = Math.ceil(2.5 * session.config.saveEverySteps);
	return train({...session, emit(event) {
		session.emit(event);
		if (isFirst && event.type === 'step' && event.step === fullAt) session.emit({type: 'log', message: takeMemory(loadRuntime())});
	}});
});

/** Allocates until no piece fits any more. What is taken is never freed. */
function takeMemory({tf: {fill, keep}, device}: Runtime): string {
	if (device === 'cpu') limitMemory();
	let takenMiB = 0;
	for (const mebibytes of PIECES_MIB) {
		try {
			for (;; takenMiB += mebibytes) keep(fill([mebibytes * 2 ** 18], 0));
		} catch (error) {
			if (!(error instanceof Error && saysOutOfMemory(error.message))) throw error;
		}
	}
	const free = device === 'gpu' ? `; by the driver ${execFileSync('nvidia-smi', ['--query-gpu=memory.free', '--format=csv,noheader'], {encoding: 'utf8'}).trim()} are free` : '';
	return `Ballast: ${takenMiB} MiB${free}`;
}

/** Linux: private memory that can be written to, whatever of it is used. */
function limitMemory(): void {
	const [, kilobytes] = /^VmData:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))!;
	execFileSync('prlimit', ['--pid', String(process.pid), `--data=${1024 * Number(kilobytes) + CPU_ROOM_MIB * 2 ** 20}`]);
}
