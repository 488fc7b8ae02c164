import fs from 'node:fs';
import path from 'node:path';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import type {Gpu, GpuReport} from '../../../src/presets/index.ts';
import {describeSetup, isRuntimeReady, removeRuntime, setupGpuRuntime, setupRuntime, storedVerdict, wheelsForGpu, type GpuSetupOptions} from '../../../src/train/runtime/index.ts';
import {cudaWheels, tensorflowGpu} from '../../../src/train/runtime/gpu-wheels.ts';
import {wheelFile, type Wheel} from '../../../src/train/runtime/wheel.ts';
import {failureOf, Machine} from './machine.ts';
import {noNetwork} from './pip-words.ts';
import {unpacked, writeGpuWheels} from './wheel-file.ts';

const card: Gpu = {index: 0, uuid: 'GPU-5d9a', name: 'NVIDIA RTX A5000', totalBytes: 24 * 2 ** 30, usedBytes: 0, freeBytes: 24 * 2 ** 30, driver: '550.54.14', computeCapability: 8.6};
const withCard = (changes: Partial<Gpu> = {}): GpuReport => ({state: 'present', gpus: [{...card, ...changes}]});

const works = `process.send({stages: ['load', ...(process.argv[2] === 'gpu' ? ['gpu'] : []), 'convolution', 'graph', 'xla'], ok: true, device: process.argv[2]}); process.disconnect();`;

let machine: Machine;
let wheels: Wheel[];
beforeEach(() => {
	machine = new Machine();
	machine.python();
	machine.compiler();
	machine.probe(works);
	// What asks for the GPUs once more, before the probe.
	machine.program('nvidia-smi', `case "$1" in --query-compute-apps*) ;; *) echo "0, NVIDIA RTX A5000, 24576, 0, 24576, 550.54.14, GPU-5d9a, 8.6";; esac`);
	wheels = writeGpuWheels(machine.index);
});
afterEach(() => machine.remove());

const setup = (more: Partial<GpuSetupOptions> = {}) => setupGpuRuntime(machine.gpuOptions({gpus: withCard(), cards: 1, gpuWheels: wheels, ...more}));
const root = () => machine.options().packageRoot;
const downloads = () => machine.calls('python3').filter(call => call.includes(' download ')).map(call => call.split(' ').at(-1));
const pinned = (some: readonly Wheel[]) => some.map(({project, version}) => `${project}==${version}`);

describe('the set-up for a GPU', () => {
	test('ends with TensorFlow, the libraries of CUDA, the addon and the verdict, and with nothing else', async () => {
		expect(await setup()).toMatchObject({ok: true, device: 'gpu', stages: ['load', 'gpu', 'convolution', 'graph', 'xla']});
		const parts = wheels.map(({folder}) => `${folder}/from-wheel`);
		const libraries = cudaWheels.flatMap(({files}) => files);
		expect(Object.keys(machine.files(machine.gpuRuntime)).sort()).toEqual([...Object.keys(unpacked), ...parts, ...libraries, 'addon/built-from', 'addon/tfjs_binding.node', 'probe.json'].sort());
		expect(Object.keys(machine.files()).filter(file => !file.startsWith('tf-2.21.0-gpu/'))).toEqual([]);
		expect(isRuntimeReady(root(), 'gpu')).toBe(true);
		expect(isRuntimeReady(root())).toBe(false);
	});

	test('XLA can run the assembler that it unpacks', async () => {
		await setup();
		expect(fs.statSync(path.join(machine.gpuRuntime, 'nvidia/cuda_nvcc/bin/ptxas')).mode & 0o777).toBe(0o755);
	});

	test('counts the bytes of all wheels together', async () => {
		await setup();
		const totalBytes = wheels.reduce((sum, {bytes}) => sum + bytes, 0);
		const downloading = machine.told.filter(({what}) => what.startsWith('Downloading'));
		expect([...new Set(downloading.map(({what}) => what))]).toEqual(wheels.map(({name, version}, i) => `Downloading ${name} ${version} (${i + 1} of ${wheels.length})`));
		expect(downloading.map(progress => progress.totalBytes)).toEqual(downloading.map(() => totalBytes));
		expect(downloading[1].doneBytes).toBe(wheels[0].bytes);
	});

	test('has the probe see the one card that would be trained on', async () => {
		machine.probe(`import fs from 'node:fs'; fs.writeFileSync(${JSON.stringify(path.join(machine.root, 'seen'))}, process.env.CUDA_VISIBLE_DEVICES); ${works}`);
		await setup();
		expect(fs.readFileSync(path.join(machine.root, 'seen'), 'utf8')).toBe('GPU-5d9a');
	});

	test('goes on, when it was interrupted, with the wheel that it was at', async () => {
		const words = path.join(machine.root, 'words');
		fs.writeFileSync(words, noNetwork['a proxy that refuses']);
		machine.python(`case "$wheel" in *cusparse*) /bin/cat '${words}' >&2; exit 1;; *) /bin/cp '${machine.index}'/"$wheel"-*.whl "$dest";; esac`);
		expect((await failureOf(setup())).message).toMatch(/^pip cannot reach its package index/);
		const before = downloads();
		expect(before).toEqual(pinned(wheels.slice(0, 5)));
		machine.python();
		expect(await setup()).toMatchObject({ok: true});
		expect(downloads().slice(before.length)).toEqual(pinned(wheels.slice(4)));
	});

	test('replaces a library of another version', async () => {
		await setup();
		fs.writeFileSync(path.join(machine.gpuRuntime, 'nvidia/cudnn/from-wheel'), 'nvidia_cudnn_cu12-9.5.0-py3-none-manylinux_2_27_x86_64.whl');
		fs.rmSync(path.join(machine.gpuRuntime, 'probe.json'));
		const before = downloads().length;
		await setup();
		expect(downloads().slice(before)).toEqual([expect.stringContaining('nvidia-cudnn-cu12')]);
	});

	test('refuses a wheel that is not the pinned one', async () => {
		fs.appendFileSync(path.join(machine.index, wheelFile(wheels[3])), 'x');
		const {message} = await failureOf(setup());
		expect(message).toContain(wheelFile(wheels[3]));
		expect(message).toContain(wheels[3].sha256);
		expect(isRuntimeReady(root(), 'gpu')).toBe(false);
	});

	test('asks for the disk room of all before anything is fetched', async () => {
		const {message, action} = await failureOf(setup({gpuWheels: wheels.map(wheel => ({...wheel, unpackedBytes: 1e14}))}));
		expect(message).toMatch(/needs 1000000\.[12] GB and the disk of \S+ has \d+\.\d GB left/);
		expect(action).toContain('DREAMBOOTH_HOME=');
		expect(downloads()).toEqual([]);
	});

	test('leaves the CPU to train on when it fails on the GPU, and says why', async () => {
		await setupRuntime(machine.options());
		machine.probe(`console.error('I0000 00:00:1.5 7 a.cc:1] chatter\\nE0000 00:00:1.5 7 b.cc:2] failed call to cuInit'); process.send({stages: ['load'], ok: false, fault: 'The NVIDIA driver cannot be used: no device (CUDA error 100).'}, () => process.disconnect());`);
		const {message, action} = await failureOf(setup());
		expect(message).toBe('TensorFlow was loaded, but it sees no GPU: The NVIDIA driver cannot be used: no device (CUDA error 100).\nfailed call to cuInit');
		expect(action).toContain('Training runs on the CPU.');
		expect([isRuntimeReady(root()), isRuntimeReady(root(), 'gpu')]).toEqual([true, false]);
	});

	test('is taken away together with that for the CPU', async () => {
		await setupRuntime(machine.options());
		await setup();
		expect(await removeRuntime()).toEqual([machine.runtime, machine.gpuRuntime]);
		expect(machine.files()).toEqual({});
	});
});

describe('from a folder of wheels', () => {
	test('needs no Python', async () => {
		machine.program('python3', 'exit 1');
		expect(await setup({wheels: machine.index})).toMatchObject({ok: true});
	});

	test('that lacks one: its name, and the command that fetches it elsewhere', async () => {
		fs.rmSync(path.join(machine.index, wheelFile(wheels[8])));
		const {message, action} = await failureOf(setup({wheels: machine.index}));
		expect(message).toBe(`${machine.index} does not hold nvidia_cudnn_cu12-9.19.0.56-py3-none-manylinux_2_27_x86_64.whl.`);
		expect(action).toMatch(/python3 -m pip download .* --platform manylinux_2_27_x86_64 --dest FOLDER nvidia-cudnn-cu12==9\.19\.0\.56\n.*--wheels/);
		expect(fs.existsSync(machine.gpuRuntime)).toBe(false);
	});

	test('that lacks many: some names, how many more, and one command for all', async () => {
		const {message, action} = await failureOf(setup({wheels: machine.root}));
		expect(message).toContain(wheelFile(tensorflowGpu));
		expect(message).toContain(`and ${wheels.length - 3} more`);
		for (const pin of pinned(wheels)) expect(action).toContain(pin);
	});
});

describe('what keeps the GPU from being used is said before anything is fetched', () => {
	test.each<[string, GpuReport, number, RegExp, RegExp]>([
		['a driver that is too old', withCard({driver: '470.82.01'}), 1, /driver is 470\.82\.01; CUDA 12\.9.* needs 525\.60\.13 or newer/, /Install a newer driver/],
		['a card that is newer than TensorFlow', withCard({name: 'NVIDIA B200', computeCapability: 10}), 1, /B200 has compute capability 10\.0, which is newer.* code for 6\.0, 7\.0, 8\.0, 8\.9, 9\.0/, /runs on the CPU/],
		['a card that is older', withCard({name: 'Tesla K80', computeCapability: 3.7}), 1, /K80 has compute capability 3\.7, which is older/, /runs on the CPU/],
		['a card without a driver', {state: 'no-driver'}, 2, /2 NVIDIA cards in this machine, but no NVIDIA driver/, /Install the driver.*--gpus all/],
		['a driver that fails', {state: 'driver-fails', message: 'Failed to initialize NVML: Driver/library version mismatch'}, 1, /does not work: Failed to initialize NVML/, /Restart the machine/],
		['cards that are hidden', {state: 'none', hidden: 1}, 1, /CUDA_VISIBLE_DEVICES hides/, /unset CUDA_VISIBLE_DEVICES/],
	])('%s', async (_, gpus, cards, words, cure) => {
		const {message, action} = await failureOf(setup({gpus, cards}));
		expect(message).toMatch(words);
		expect(action).toMatch(cure);
		expect(machine.files()).toEqual({});
	});

	test('but it is tried when that is asked for', async () => {
		expect(await setup({gpus: withCard({computeCapability: 10}), force: true})).toMatchObject({ok: true});
	});

	test('one card that can be used is enough', async () => {
		expect(await setup({gpus: {state: 'present', gpus: [{...card, name: 'NVIDIA B200', computeCapability: 10}, {...card, index: 1}]}})).toMatchObject({ok: true});
	});

	test('a machine without anything of NVIDIA is left alone, unless it is asked for', async () => {
		expect(await setup({gpus: {state: 'no-driver'}, cards: 0})).toBeUndefined();
		expect(machine.files()).toEqual({});
		expect(await setup({gpus: {state: 'no-driver'}, cards: 0, force: true})).toMatchObject({ok: true});
	});
});

test('cards before Turing get the last cuDNN that has code for them', () => {
	const cudnn = (computeCapability: number) => wheelsForGpu(withCard({computeCapability})).find(({folder}) => folder === 'nvidia/cudnn')?.version;
	expect([6.1, 7, 7.5, 9].map(cudnn)).toEqual(['9.10.2.21', '9.10.2.21', '9.19.0.56', '9.19.0.56']);
});

describe('with CUDA in a folder of the person\'s', () => {
	let cuda: string;
	beforeEach(() => {
		process.env.DREAMBOOTH_CUDA_LIBS = cuda = path.join(machine.root, 'cuda');
		for (const file of cudaWheels.flatMap(({files}) => files)) {
			// All libraries in one place, the toolkit as it is.
			const place = path.join(cuda, file.includes('.so') ? path.basename(file) : file.replace('nvidia/cuda_nvcc/', ''));
			fs.mkdirSync(path.dirname(place), {recursive: true});
			fs.writeFileSync(place, file);
		}
	});

	test('only TensorFlow is fetched', async () => {
		expect(await setup({gpuWheels: wheels.slice(0, 1)})).toMatchObject({ok: true});
		expect(wheelsForGpu(withCard())).toEqual([tensorflowGpu]);
		expect(isRuntimeReady(root(), 'gpu')).toBe(true);
	});

	test('what the folder lacks is named', async () => {
		fs.rmSync(path.join(cuda, 'libcusolver.so.11'));
		fs.rmSync(path.join(cuda, 'bin/ptxas'));
		expect((await failureOf(setup())).message).toBe(`DREAMBOOTH_CUDA_LIBS is ${cuda}, which lacks libcusolver.so.11, ptxas, libdevice.10.bc.`);
	});

	test('the verdict counts for this folder only', async () => {
		await setup();
		const other = path.join(machine.root, 'other');
		fs.cpSync(cuda, other, {recursive: true});
		process.env.DREAMBOOTH_CUDA_LIBS = other;
		expect(storedVerdict(root(), 'gpu')).toBeUndefined();
	});
});

test('a verdict does not count when a library of CUDA has gone', async () => {
	await setup();
	expect(isRuntimeReady(root(), 'gpu')).toBe(true);
	fs.rmSync(path.join(machine.gpuRuntime, 'nvidia/cufft/lib/libcufft.so.11'));
	expect(storedVerdict(root(), 'gpu')).toBeUndefined();
});

test('a dry run names every wheel with its size, and the disk room of all', () => {
	const said = describeSetup({packageRoot: root(), kind: 'gpu', parts: wheelsForGpu(withCard())});
	expect(said).toContain('Download tensorflow 2.21.0 (572 MB, SHA-256 9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124).');
	expect(said.filter(line => line.startsWith('Download '))).toHaveLength(1 + cudaWheels.length);
	expect(said.join('\n')).toMatch(/All of it \(2\.9 GB\) by: python3 -m pip download [^]*unpack what is needed \(4\.4 GB\) to \S+\. 5\.2 GB of disk have to be free/);
	expect(fs.existsSync(machine.cache)).toBe(false);
});
