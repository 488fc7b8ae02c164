import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {packageRoot} from '../../../src/train/protocol/index.ts';
import type {Platform} from '../../../src/train/runtime/platform.ts';
import type {Progress} from '../../../src/train/runtime/progress.ts';
import type {GpuSetupOptions, SetupOptions} from '../../../src/train/runtime/setup.ts';
import {SetupError} from '../../../src/train/runtime/setup-error.ts';
import {downloadFolder, wheelFile, type Wheel} from '../../../src/train/runtime/wheel.ts';
import {writeWheel} from './wheel-file.ts';

export const goodPlatform: Platform = {os: 'linux', architecture: 'x64', glibc: '2.36', cpuFlags: new Set(['avx', 'avx2', 'fma'])};

/** A machine of its own for one test: nothing in its PATH, an empty cache, a package index that holds one small wheel. */
export class Machine {
	readonly root = fs.mkdtempSync(path.join(os.tmpdir(), 'dreambooth-runtime-'));
	/** The user's cache; not made yet, as on a new machine. */
	readonly cache = path.join(this.root, 'cache');
	readonly runtime = path.join(this.cache, 'tf-2.21.0-cpu');
	readonly gpuRuntime = path.join(this.cache, 'tf-2.21.0-gpu');
	readonly index = path.join(this.root, 'index');
	readonly wheel: Wheel = writeWheel(this.index);
	readonly told: Progress[] = [];
	private readonly bin = path.join(this.root, 'bin');
	private readonly before = Object.fromEntries(['PATH', 'DREAMBOOTH_HOME', 'DREAMBOOTH_CUDA_LIBS', 'CUDA_VISIBLE_DEVICES', 'XLA_FLAGS', 'CXX'].map(name => [name, process.env[name]]));

	constructor() {
		fs.mkdirSync(this.bin);
		process.env.PATH = this.bin;
		process.env.DREAMBOOTH_HOME = this.cache;
		for (const name of ['DREAMBOOTH_CUDA_LIBS', 'CUDA_VISIBLE_DEVICES', 'XLA_FLAGS', 'CXX']) delete process.env[name];
		this.probe(`process.send({stages: ['load', 'convolution', 'graph', 'xla'], ok: true, device: 'cpu'}); process.disconnect();`);
	}

	/** Puts a program in the PATH: lines of sh, which find no other programs but by their full path. */
	program(name: string, lines: string): void {
		fs.writeFileSync(path.join(this.bin, name), `#!/bin/sh\necho "${name} $*" >> '${this.root}/calls'\n${lines}\n`, {mode: 0o755});
	}

	/** Python with a pip whose `download` runs these lines, `$dest` being its folder and `$wheel` how the file's name begins. By default it copies that from the index. */
	python(download = `/bin/cp '${this.index}'/"$wheel"-*.whl "$dest"`): void {
		this.program('python3', [
			'case "$*" in',
			'--version) echo "Python 3.11.7"; exit 0;;',
			'"-m pip --version") echo "pip 24.0 from /usr/lib/python3/dist-packages/pip (python 3.11)"; exit 0;;',
			'esac',
			'while [ $# -gt 0 ]; do if [ "$1" = --dest ]; then dest=$2; fi; wanted=$1; shift; done',
			'wheel=$(echo "${wanted%%==*}" | /usr/bin/tr - _)-${wanted##*==}',
			download,
		].join('\n'));
	}

	/** A pip that says this and fails. */
	pipFails(words: string): void {
		const file = path.join(this.root, 'words');
		fs.writeFileSync(file, words);
		this.python(`/bin/cat '${file}' >&2; exit 1`);
	}

	/** A compiler that makes empty files; or runs these lines, `$out` being the file. */
	compiler(compile = ': > "$out"'): void {
		this.program('g++', `if [ "$1" = --version ]; then echo "g++ 12.2.0"; exit 0; fi\nwhile [ $# -gt 0 ]; do if [ "$1" = -o ]; then out=$2; fi; shift; done\n${compile}`);
	}

	/** What the probe program does. */
	probe(source: string): void {
		fs.writeFileSync(path.join(this.root, 'probe.mjs'), source);
	}

	/** All that set-up needs to be told. */
	options(more: Partial<SetupOptions> = {}): SetupOptions {
		return {...this.gpuOptions(), wheel: this.wheel, ...more};
	}

	/** The same for a GPU; what this machine has of NVIDIA is to be added. */
	gpuOptions(more: Partial<GpuSetupOptions> = {}): GpuSetupOptions {
		return {packageRoot: packageRoot(), probeProgram: path.join(this.root, 'probe.mjs'), platform: goodPlatform, tell: progress => this.told.push(progress), ...more};
	}

	/** Command lines of the programs that ran, `--version` left out. */
	calls(name: string): string[] {
		const file = path.join(this.root, 'calls');
		const lines = fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split('\n') : [];
		return lines.filter(line => line.startsWith(`${name} `) && !line.endsWith('--version'));
	}

	/** Where pip's wheel waits to be unpacked. */
	get downloaded(): string {
		return path.join(downloadFolder(this.cache), wheelFile(this.wheel));
	}

	/** File -> content, of all files below a folder. */
	files(folder = this.cache): Record<string, string> {
		if (!fs.existsSync(folder)) return {};
		const names = fs.readdirSync(folder, {recursive: true}) as string[];
		return Object.fromEntries(names.filter(name => fs.statSync(path.join(folder, name)).isFile()).sort().map(name => [name, fs.readFileSync(path.join(folder, name), 'utf8')]));
	}

	remove(): void {
		for (const [key, value] of Object.entries(this.before)) {
			if (value === undefined) delete process.env[key];
			else process.env[key] = value;
		}
		fs.rmSync(this.root, {recursive: true, force: true});
	}
}

/** The error of a set-up that must fail, checked to fit a terminal of 80x24 with its cure. */
export async function failureOf(work: Promise<unknown>): Promise<SetupError> {
	const error = await work.then(() => undefined, (error: unknown) => error);
	if (!(error instanceof SetupError)) throw new Error('This had to fail with a SetupError.', {cause: error});
	const rows = `error: ${error.message}\nWhat to do: ${error.action}`.split('\n').reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / 80)), 0);
	if (rows > 23 || error.action === '') throw new Error(`Not one screen with a cure (${rows} rows): ${error.message}\n${error.action}`);
	return error;
}
