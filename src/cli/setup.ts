import type {Command} from 'commander';
import {programFile} from '../train/index.ts';
import {packageRoot} from '../train/protocol/index.ts';
import {describeSetup, formatProgress, removeRuntime, setupRuntime, type Progress} from '../train/runtime/index.ts';

interface SetupFlags {
	readonly wheels?: string;
	readonly dryRun?: boolean;
	readonly remove?: boolean;
}

export function declare(command: Command): void {
	command
		.option('--wheels <folder>', 'take the TensorFlow wheel from this folder instead of downloading it')
		.option('--dry-run', 'say what would be done, and do nothing')
		.option('--remove', 'remove the runtime; runs, presets and class images stay')
		.action(async ({wheels, dryRun, remove}: SetupFlags) => {
			const root = packageRoot();
			if (remove) return say((await removeRuntime()).map(folder => `Removed ${folder}.`), 'There is nothing to remove.');
			if (dryRun) return say(describeSetup({packageRoot: root, wheels}));
			const show = progressLine();
			const verdict = await setupRuntime({packageRoot: root, probeProgram: programFile('probe'), wheels, tell: show.tell}).finally(show.end);
			say([`TensorFlow works on the ${(verdict.device ?? 'cpu').toUpperCase()}.`]);
		});
}

const say = (lines: readonly string[], otherwise = '') => void process.stdout.write((lines.length > 0 ? lines : [otherwise]).map(line => `${line}\n`).join(''));

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
