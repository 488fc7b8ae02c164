import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import koffi from 'koffi';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {cudaLibraryNames, findCudaLibraries, openCudaLibraries} from '../../../src/train/runtime/cuda-libraries.ts';
import {countNvidiaCards, describeCuda, describeKernelDriver} from '../../../src/train/runtime/gpu-driver.ts';
import {cudaWheels} from '../../../src/train/runtime/gpu-wheels.ts';

let folder: string;
beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dreambooth-cuda-'))));
afterEach(() => fs.rmSync(folder, {recursive: true}));

const write = (file: string, content = '') => {
	const place = path.join(folder, file);
	fs.mkdirSync(path.dirname(place), {recursive: true});
	fs.writeFileSync(place, content);
};
const files = cudaWheels.flatMap(({files}) => files);
/** koffi as far as it loads libraries, writing down which. */
const recorder = () => {
	const loaded: [string, object | undefined][] = [];
	return {loaded, koffi: {...koffi, load: (file: string | null, options?: object) => {
		loaded.push([path.basename(file!), options]);
		return {} as ReturnType<typeof koffi.load>;
	}}};
};

describe('the libraries of CUDA are found', () => {
	test.each<[string, (file: string) => string]>([
		['as pip installs them', file => file],
		['in a folder of wheels\' contents', file => file.replace(/^nvidia\//, '')],
		['as in a toolkit', file => (file.includes('.so') ? `lib64/${path.basename(file)}` : file.replace('nvidia/cuda_nvcc/', ''))],
		['all in one place', file => (file.includes('.so') ? path.basename(file) : file.replace('nvidia/cuda_nvcc/', ''))],
	])('%s', (_, place) => {
		for (const file of files) write(place(file));
		const {found, missing, toolkit} = findCudaLibraries({DREAMBOOTH_CUDA_LIBS: folder});
		expect(missing).toEqual([]);
		expect([...found.keys()]).toEqual(cudaLibraryNames);
		expect(fs.existsSync(path.join(toolkit!, 'nvvm/libdevice/libdevice.10.bc'))).toBe(true);
	});

	test('without a folder of the person\'s in the GPU runtime', () => {
		for (const file of files) write(path.join('tf-2.21.0-gpu', file));
		expect(findCudaLibraries({DREAMBOOTH_HOME: folder})).toMatchObject({folder: path.join(folder, 'tf-2.21.0-gpu'), missing: [], toolkit: path.join(folder, 'tf-2.21.0-gpu/nvidia/cuda_nvcc')});
	});
});

describe('they are loaded', () => {
	const environment = (): NodeJS.ProcessEnv => ({DREAMBOOTH_CUDA_LIBS: folder});
	beforeEach(() => {
		for (const file of files) write(file);
	});

	test('each after those that it needs, for all to see', () => {
		const {koffi, loaded} = recorder();
		openCudaLibraries(koffi, findCudaLibraries(environment()), {});
		const order = loaded.map(([name]) => name);
		expect(order).toEqual(cudaLibraryNames);
		// By `readelf -d`.
		const needs = {'libcublas.so.12': ['libcublasLt.so.12'], 'libcusparse.so.12': ['libnvJitLink.so.12'], 'libcusolver.so.11': ['libnvJitLink.so.12', 'libcusparse.so.12', 'libcublas.so.12', 'libcublasLt.so.12'], 'libcudnn_cnn.so.9': ['libcudnn_ops.so.9', 'libcudnn_graph.so.9'], 'libcudnn_ops.so.9': ['libcudnn_graph.so.9'], 'libcudnn_engines_precompiled.so.9': ['libcudnn_graph.so.9']};
		for (const [name, needed] of Object.entries(needs)) for (const before of needed) expect(order.indexOf(before)).toBeLessThan(order.indexOf(name));
		expect(loaded.every(([, options]) => (options as {global?: boolean}).global === true)).toBe(true);
	});

	test('and XLA is told what to compile with, behind what the person has told it', () => {
		const own = {XLA_FLAGS: '--xla_dump_to=/tmp/x'};
		openCudaLibraries(recorder().koffi, findCudaLibraries(environment()), own);
		expect(own.XLA_FLAGS).toBe(`--xla_dump_to=/tmp/x --xla_gpu_cuda_data_dir=${folder}/nvidia/cuda_nvcc`);
	});

	test('a toolkit that the person names stays, and then none has to be in the folder', () => {
		fs.rmSync(path.join(folder, 'nvidia/cuda_nvcc'), {recursive: true});
		const own = {...environment(), XLA_FLAGS: '--xla_gpu_cuda_data_dir=/usr/local/cuda'};
		openCudaLibraries(recorder().koffi, findCudaLibraries(own), own);
		expect(own.XLA_FLAGS).toBe('--xla_gpu_cuda_data_dir=/usr/local/cuda');
	});

	test('a path with a space is kept together', () => {
		const spaced = path.join(folder, 'my cuda');
		fs.mkdirSync(spaced);
		fs.renameSync(path.join(folder, 'nvidia'), path.join(spaced, 'nvidia'));
		const own: NodeJS.ProcessEnv = {};
		openCudaLibraries(recorder().koffi, findCudaLibraries({DREAMBOOTH_CUDA_LIBS: spaced}), own);
		expect(own.XLA_FLAGS).toBe(`--xla_gpu_cuda_data_dir="${spaced}/nvidia/cuda_nvcc"`);
	});

	test('one that is missing, or broken, is named', () => {
		const found = findCudaLibraries(environment());
		expect(() => openCudaLibraries(koffi, found, {})).toThrow(/^libcudart\.so\.12 could not be loaded: .*file too short/);
		fs.rmSync(path.join(folder, 'nvidia/cublas/lib/libcublas.so.12'));
		expect(() => openCudaLibraries(koffi, findCudaLibraries(environment()), {})).toThrow(`${folder} lacks libcublas.so.12`);
	});
});

describe('what the kernel says of NVIDIA', () => {
	test('cards in the slots are counted by vendor and class: no audio device of NVIDIA, no card of another', () => {
		for (const [slot, vendor, type] of [['0000:01:00.0', '0x10de', '0x030000'], ['0000:01:00.1', '0x10de', '0x040300'], ['0000:02:00.0', '0x10de', '0x030200'], ['0000:00:02.0', '0x8086', '0x030000']]) {
			write(`sys/bus/pci/devices/${slot}/vendor`, `${vendor}\n`);
			write(`sys/bus/pci/devices/${slot}/class`, `${type}\n`);
		}
		expect(countNvidiaCards(folder)).toBe(2);
		expect(countNvidiaCards(path.join(folder, 'nowhere'))).toBe(0);
	});

	test.each([
		['NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  Thu Feb 22 01:44:30 UTC 2024\nGCC version:  gcc version 12.3.0\n', '550.54.14'],
		['NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build  (dvs-builder@U22)\n', '580.95.05'],
	])('the driver and the models behind it: %j', (text, version) => {
		write('proc/driver/nvidia/version', text);
		write('proc/driver/nvidia/gpus/0000:01:00.0/information', 'Model: \t\t NVIDIA RTX A5000\nIRQ:   \t\t 132\n');
		expect(describeKernelDriver(folder)).toBe(`${version}, NVIDIA RTX A5000`);
		expect(describeKernelDriver(path.join(folder, 'nowhere'))).toBe('unknown');
	});

	test('compiled code is for one driver, card and CUDA, and where cards differ for the one that is seen', () => {
		const said = (environment: NodeJS.ProcessEnv = {}) => describeCuda(environment, folder);
		write('proc/driver/nvidia/version', 'NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  Thu Feb 22 01:44:30 UTC 2024\n');
		write('proc/driver/nvidia/gpus/0000:01:00.0/information', 'Model: \t\t NVIDIA RTX A5000\n');
		expect(said()).toMatch(/^driver 550\.54\.14, NVIDIA RTX A5000, .*cuDNN 9\./);
		expect(said({CUDA_VISIBLE_DEVICES: '1'})).toBe(said());
		expect(said({DREAMBOOTH_CUDA_LIBS: '/opt/cuda'})).toBe('driver 550.54.14, NVIDIA RTX A5000, /opt/cuda');

		write('proc/driver/nvidia/gpus/0000:02:00.0/information', 'Model: \t\t NVIDIA RTX A5000\n');
		expect(said({CUDA_VISIBLE_DEVICES: '1'})).toBe(said());
		write('proc/driver/nvidia/gpus/0000:03:00.0/information', 'Model: \t\t NVIDIA T4\n');
		expect(said({CUDA_VISIBLE_DEVICES: '1'})).not.toBe(said({CUDA_VISIBLE_DEVICES: '0'}));
	});
});
