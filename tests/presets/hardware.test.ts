import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {chooseGpu, describeHardware, detectHardware, queryGpus, whyNoGpu, type Gpu, type Hardware} from '../../src/presets/index.ts';
import {cgroupLimits} from '../../src/presets/cgroup.ts';

let folder: string;
beforeEach(async () => {
	folder = await fs.mkdtemp(path.join(os.tmpdir(), 'hardware-'));
});
afterEach(async () => {
	await fs.rm(folder, {recursive: true, force: true});
});

const write = async (files: Readonly<Record<string, string>>): Promise<void> => {
	for (const [name, text] of Object.entries(files)) {
		await fs.mkdir(path.dirname(path.join(folder, name)), {recursive: true});
		await fs.writeFile(path.join(folder, name), text, {mode: 0o755});
	}
};

const nvidiaSmi = async (script: string): Promise<string> => {
	await write({'nvidia-smi': `#!/bin/sh\n${script}\n`});
	return path.join(folder, 'nvidia-smi');
};

/** Answers as nvidia-smi prints them: for the GPUs, and for the programs on them. */
const answering = (gpus: string, programs = '') => nvidiaSmi(`case "$1" in\n--query-compute-apps*) cat <<'END'\n${programs}\nEND\n;;\n*) cat <<'END'\n${gpus}\nEND\n;;\nesac`);
const rtx3060 = '0, NVIDIA GeForce RTX 3060, 12288, 512, 11776, 550.54.14, GPU-5d9a8f2e-1b7c-4a53-9f0e-2c6d8e4b7a10, 8.6';
const t4 = '1, Tesla T4, 15360, 0, 15360, 550.54.14, GPU-0c4e6b1a-7f3d-4e29-8a5b-9d1f2e3c4b5a, 7.5';

describe('GPUs', () => {
	test('are read with their memory, capability and driver', async () => {
		expect(await queryGpus({command: await answering(`${rtx3060}\n${t4}`)})).toEqual({
			state: 'present',
			gpus: [
				{index: 0, uuid: 'GPU-5d9a8f2e-1b7c-4a53-9f0e-2c6d8e4b7a10', name: 'NVIDIA GeForce RTX 3060', totalBytes: 12 * 2 ** 30, usedBytes: 512 * 2 ** 20, freeBytes: 11.5 * 2 ** 30, driver: '550.54.14', computeCapability: 8.6, processes: []},
				{index: 1, uuid: 'GPU-0c4e6b1a-7f3d-4e29-8a5b-9d1f2e3c4b5a', name: 'Tesla T4', totalBytes: 15 * 2 ** 30, usedBytes: 0, freeBytes: 15 * 2 ** 30, driver: '550.54.14', computeCapability: 7.5, processes: []},
			],
		});
	});

	test('are read with the programs that use each, whatever their names hold and the driver keeps back', async () => {
		const programs = [
			'GPU-5d9a8f2e-1b7c-4a53-9f0e-2c6d8e4b7a10, 4242, /usr/bin/python3, 6144',
			'GPU-0c4e6b1a-7f3d-4e29-8a5b-9d1f2e3c4b5a, 77, [Insufficient Permissions], [N/A]',
			'GPU-0c4e6b1a-7f3d-4e29-8a5b-9d1f2e3c4b5a, 78, /opt/a, b/tool, 100',
		];
		const report = await queryGpus({command: await answering(`${rtx3060}\n${t4}`, programs.join('\n'))});
		expect(report.state === 'present' && report.gpus.map(({processes}) => processes)).toEqual([
			[{pid: 4242, name: '/usr/bin/python3', usedBytes: 6 * 2 ** 30}],
			[{pid: 77, name: '[Insufficient Permissions]'}, {pid: 78, name: '/opt/a, b/tool', usedBytes: 100 * 2 ** 20}],
		]);
	});

	test('of a driver that does not know their capability are asked without it', async () => {
		const command = await nvidiaSmi('case "$1" in *compute_cap*) echo "Field \\"compute_cap\\" is not a valid field to query."; exit 2;; *compute-apps*) exit 0;; esac\necho "0, Tesla K80, 11441, 0, 11441, 470.57.02, GPU-1"');
		expect(await queryGpus({command})).toMatchObject({state: 'present', gpus: [{name: 'Tesla K80', driver: '470.57.02'}]});
	});

	test('that cannot tell their memory in use are taken as free', async () => {
		expect(await queryGpus({command: await answering('0, NVIDIA A100-SXM4-40GB, 40960, [N/A], [N/A], 535.161.08, GPU-2, 8.0')})).toMatchObject({gpus: [{usedBytes: 0, freeBytes: 40 * 2 ** 30}]});
	});

	test('that are not there are told from a driver that is not there, fails, or hangs', async () => {
		expect(await queryGpus({command: path.join(folder, 'absent')})).toEqual({state: 'no-driver'});
		expect(await queryGpus({command: await nvidiaSmi('echo "No devices were found"; exit 6')})).toEqual({state: 'none'});
		const failure = 'NVIDIA-SMI has failed because it couldn\'t communicate with the NVIDIA driver.';
		expect(await queryGpus({command: await nvidiaSmi(`echo "${failure}"; exit 9`)})).toEqual({state: 'driver-fails', message: failure});
		expect(await queryGpus({command: await nvidiaSmi('exec sleep 30'), timeoutMs: 200})).toEqual({state: 'driver-fails', message: 'nvidia-smi gave no answer within 0.2 seconds'});
		expect(await queryGpus({command: await nvidiaSmi('echo gibberish')})).toMatchObject({state: 'driver-fails', message: expect.stringContaining('gibberish')});
	});
});

const gibibyte = 2 ** 30;
const card = (changes: Partial<Gpu>): Gpu => ({index: 0, name: 'NVIDIA RTX A5000', totalBytes: 24 * gibibyte, usedBytes: 0, freeBytes: 24 * gibibyte, driver: '550', computeCapability: 8.6, ...changes});
const described = (...gpus: readonly Gpu[]): string => {
	const hardware: Hardware = {cpu: {model: 'test', cores: 4}, memory: {totalBytes: gibibyte, availableBytes: gibibyte}, disk: {folder: '/', freeBytes: gibibyte}, gpu: {state: 'present', gpus}};
	return describeHardware(hardware);
};

describe('a GPU', () => {
	test('that is newer or older than TensorFlow knows is said not to be usable, and is not chosen', () => {
		const blackwell = card({name: 'NVIDIA GeForce RTX 5090', computeCapability: 12});
		expect(described(blackwell)).toContain('compute capability 12.0, which is newer than TensorFlow 2.21 knows (up to 9.x). It cannot be used');
		expect(described(card({name: 'Tesla K80', computeCapability: 3.7}))).toContain('which is older than TensorFlow 2.21 supports (from 6.0)');
		expect(chooseGpu({state: 'present', gpus: [blackwell]})).toBeUndefined();
		expect(chooseGpu({state: 'present', gpus: [blackwell, card({index: 1, freeBytes: gibibyte})]})?.index).toBe(1);
	});

	test('that others use says who, and that their memory is missing', () => {
		expect(described(card({usedBytes: 6 * gibibyte, freeBytes: 18 * gibibyte, processes: [{pid: 4242, name: '/usr/bin/python3', usedBytes: 6 * gibibyte}]}))).toContain('In use by python3 (process 4242, 6.0 GiB): training has to do with the 18.0 GiB that are left');
		expect(described(card({usedBytes: 6 * gibibyte, processes: []}))).toContain('6.0 GiB are taken by programs that cannot be seen from here');
		expect(described(card({usedBytes: gibibyte / 2}))).not.toContain('taken');
	});

	test('of several is the one asked for, else the one with the most free memory', () => {
		const gpus = [card({freeBytes: 4 * gibibyte}), card({index: 1, freeBytes: 20 * gibibyte}), card({index: 2, freeBytes: 8 * gibibyte})];
		expect(chooseGpu({state: 'present', gpus})?.index).toBe(1);
		expect(chooseGpu({state: 'present', gpus}, '2')?.index).toBe(2);
		expect(chooseGpu({state: 'present', gpus}, '7')).toBeUndefined();
		expect(chooseGpu({state: 'no-driver'})).toBeUndefined();
		expect(described(...gpus)).toContain('GPU 1   NVIDIA RTX A5000');
	});

	test('is called by its UUID as well, of which the beginning is enough', () => {
		const gpus = [card({uuid: 'GPU-5d9a8f2e-1b7c'}), card({index: 1, uuid: 'GPU-0c4e6b1a-7f3d', freeBytes: gibibyte}), card({index: 2})];
		expect(chooseGpu({state: 'present', gpus}, 'GPU-0c4e6b1a-7f3d')?.index).toBe(1);
		expect(chooseGpu({state: 'present', gpus}, 'GPU-0c4e6b1a')?.index).toBe(1);
		expect(chooseGpu({state: 'present', gpus}, 'GPU-ffffffff')).toBeUndefined();
	});

	test('that cannot be had says why, whatever it is', () => {
		const gpus = [card({}), card({index: 1, name: 'NVIDIA B200', computeCapability: 10})];
		expect(whyNoGpu({state: 'present', gpus})).toBeUndefined();
		expect(whyNoGpu({state: 'present', gpus}, '0')).toBeUndefined();
		expect(whyNoGpu({state: 'present', gpus}, '1')).toContain('The NVIDIA B200 has compute capability 10.0, which is newer');
		expect(whyNoGpu({state: 'present', gpus}, '2')).toBe('There is no GPU 2; there are GPU 0 (NVIDIA RTX A5000), GPU 1 (NVIDIA B200).');
		expect(whyNoGpu({state: 'driver-fails', message: 'Driver/library version mismatch\nmore'})).toBe('The NVIDIA driver does not work: Driver/library version mismatch');
		expect(whyNoGpu({state: 'none'})).toBe('There is no NVIDIA GPU.');
		expect(whyNoGpu({state: 'no-driver'})).toContain('nvidia-smi not found');
	});
});

describe('CUDA_VISIBLE_DEVICES', () => {
	const seen = async (value: string) => {
		const {gpu} = await detectHardware({folder, nvidiaSmi: await answering(`${rtx3060}\n${t4}`), environment: {CUDA_VISIBLE_DEVICES: value}});
		return gpu.state === 'present' ? gpu.gpus.map(({index}) => index) : gpu;
	};

	test('leaves the GPUs that it names, by number or UUID', async () => {
		expect(await seen('1')).toEqual([1]);
		expect(await seen('1, 0')).toEqual([0, 1]);
		expect(await seen('GPU-5d9a8f2e')).toEqual([0]);
		expect(await seen('MIG-5d9a8f2e')).toEqual([0, 1]);
	});

	test('that leaves none is said to do so', async () => {
		expect(await seen('-1')).toEqual({state: 'none', hidden: 2});
		expect(await seen('')).toEqual({state: 'none', hidden: 2});
		expect(whyNoGpu({state: 'none', hidden: 2})).toBe('CUDA_VISIBLE_DEVICES hides all 2 GPUs of this machine from this program.');
	});
});

describe('control groups', () => {
	test('of version 2 limit by the tightest level; file cache that can be dropped is free', async () => {
		await write({
			'proc/self/cgroup': '0::/job/step\n',
			'sys/fs/cgroup/job/memory.max': '8000',
			'sys/fs/cgroup/job/memory.current': '5000',
			'sys/fs/cgroup/job/memory.stat': 'anon 3000\ninactive_file 1500\n',
			'sys/fs/cgroup/job/step/memory.max': 'max',
			'sys/fs/cgroup/job/step/memory.current': '1000',
			'sys/fs/cgroup/job/step/cpu.max': '150000 100000',
		});
		expect(cgroupLimits(folder)).toEqual({memoryLimitBytes: 8000, memoryAvailableBytes: 4500, cpus: 1.5});
	});

	test('of version 1 limit too, and its huge number is no limit', async () => {
		await write({
			'proc/self/cgroup': '4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n',
			'sys/fs/cgroup/memory/memory.limit_in_bytes': '6000',
			'sys/fs/cgroup/memory/memory.usage_in_bytes': '1000',
			'sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes': '9223372036854771712',
			'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1',
			'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000',
		});
		expect(cgroupLimits(folder)).toEqual({memoryLimitBytes: 6000, memoryAvailableBytes: 5000});
	});

	test('that do not exist limit nothing', () => {
		expect(cgroupLimits(folder)).toEqual({});
	});
});

describe('the machine', () => {
	test('is described with what this process may use', async () => {
		await write({
			'proc/meminfo': 'MemTotal:       16777216 kB\nMemFree:         1048576 kB\nMemAvailable:    8388608 kB\n',
			'proc/self/cgroup': '0::/\n',
			'sys/fs/cgroup/memory.max': String(6 * 2 ** 30),
			'sys/fs/cgroup/memory.current': String(2 * 2 ** 30),
			'sys/fs/cgroup/cpu.max': '50000 100000',
		});
		const hardware = await detectHardware({root: folder, folder: path.join(folder, 'not', 'yet'), nvidiaSmi: await answering(t4)});
		expect(hardware).toMatchObject({cpu: {cores: 1}, memory: {totalBytes: 6 * 2 ** 30, availableBytes: 4 * 2 ** 30}});
		expect(hardware.disk.freeBytes).toBeGreaterThan(0);
		const text = describeHardware(hardware);
		expect(text).toContain('1 core\n');
		expect(text).toContain('4.0 GiB of 6.0 GiB available');
		expect(text).toContain('Tesla T4 (compute 7.5), 15.0 GiB of 15.0 GiB free, driver 550.54.14');
	});

	test('that runs this test has a core, memory and disk', async () => {
		const {cpu, memory, disk} = await detectHardware();
		expect(cpu.cores).toBeGreaterThanOrEqual(1);
		expect(cpu.cores).toBeLessThanOrEqual(os.cpus().length);
		expect(memory.availableBytes).toBeGreaterThan(0);
		expect(memory.availableBytes).toBeLessThanOrEqual(memory.totalBytes);
		expect(disk.freeBytes).toBeGreaterThan(0);
	});
});
