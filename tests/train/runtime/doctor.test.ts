import {describe, expect, test} from 'vitest';
import {doctor, formatDoctor, type DoctorRow, type Findings} from '../../../src/train/runtime/index.ts';
import {cudaLibraryNames} from '../../../src/train/runtime/cuda-libraries.ts';
import {goodPlatform} from './machine.ts';

/** A machine that can train. */
const good: Findings = {
	node: '22.4.0',
	platform: goodPlatform,
	python: 'Python 3.11.7',
	pip: 'pip 24.0',
	compiler: 'g++ 12.2.0',
	hardware: {
		cpu: {model: 'Xeon', cores: 8},
		memory: {totalBytes: 32 * 2 ** 30, availableBytes: 20 * 2 ** 30},
		disk: {folder: '/home/ann/.cache', freeBytes: 50e9},
		gpu: {state: 'no-driver'},
	},
	libraries: [],
	cuda: {folder: '/home/ann/.cache/dreambooth-tui/tf-2.21.0-gpu', found: new Map(), missing: [...cudaLibraryNames, 'ptxas', 'libdevice.10.bc'], toolkit: undefined},
	cards: 0,
	gpuVerdict: undefined,
	verdict: {key: 'k', ok: true, device: 'cpu', stages: ['load', 'convolution', 'graph', 'xla']},
};

const gpu = {state: 'present', gpus: [{index: 0, name: 'NVIDIA RTX 3090', totalBytes: 24 * 2 ** 30, usedBytes: 0, freeBytes: 24 * 2 ** 30, driver: '550.54'}]} as const;
const withHardware = (part: Partial<Findings['hardware']>): Findings => ({...good, hardware: {...good.hardware, ...part}});
const examine = async (found: Findings) => {
	const {rows, ok} = await doctor('/nowhere', found);
	return {ok, row: (name: string): DoctorRow => rows.find(row => row.name === name)!, rows};
};

test('a machine that can train: every row is good, and it says so', async () => {
	const report = await doctor('/nowhere', good);
	expect(report.ok).toBe(true);
	expect(report.rows.map(({name, state}) => [name, state])).toEqual(
		['Node', 'System', 'CPU features', 'Python', 'pip', 'C++ compiler', 'CPU', 'Memory', 'Disk', 'TensorFlow', 'GPU'].map(name => [name, 'ok']),
	);
	expect(formatDoctor(report)).toMatch(/^ok {3}Node {10}22\.4\.0\n[^]*\n\nTraining will work\.$/);
});

describe('what keeps training from working is bad and comes with what to do', () => {
	test.each<[string, Findings, string, RegExp]>([
		['an old Node', {...good, node: '20.9.0'}, 'Node', /20\.19 or newer/],
		['another architecture', {...good, platform: {...goodPlatform, architecture: 'arm64'}}, 'System', /x86-64/],
		['another C library', {...good, platform: {...goodPlatform, glibc: undefined}}, 'System', /glibc 2\.27/],
		['no AVX', {...good, platform: {...goodPlatform, cpuFlags: new Set()}}, 'CPU features', /AVX/],
		['a full disk', withHardware({disk: {folder: '/home', freeBytes: 1e6}}), 'Disk', /DREAMBOOTH_HOME=/],
		['no runtime', {...good, verdict: undefined}, 'TensorFlow', /^dreambooth setup$/],
		['a runtime that fails', {...good, verdict: {key: 'k', ok: false, stages: ['load'], fault: 'a convolution failed'}}, 'TensorFlow', /setup --remove && dreambooth setup/],
	])('%s', async (_, found, name, cure) => {
		const {ok, row, rows} = await examine(found);
		expect(ok).toBe(false);
		expect(row(name)).toMatchObject({state: 'bad', action: expect.stringMatching(cure)});
		expect(rows.filter(({state}) => state === 'bad')).toHaveLength(1);
		expect(formatDoctor({rows, ok})).toMatch(new RegExp(`\nBAD +${name}|^BAD +${name}`));
	});

	test.each([['python', 'Python'], ['pip', 'pip'], ['compiler', 'C++ compiler']] as const)('no %s, until the runtime is set up', async (key, name) => {
		const before = await examine({...good, [key]: undefined, verdict: undefined});
		expect(before.row(name)).toMatchObject({state: 'bad', found: 'not found', action: expect.stringMatching(/install/)});
		const after = await examine({...good, [key]: undefined});
		expect(after.row(name)).toMatchObject({state: 'warn', found: expect.stringContaining('only needed to set up again')});
		expect(after.ok).toBe(true);
	});

	test('less disk than the runtime takes, before it is there', async () => {
		const small = withHardware({disk: {folder: '/home', freeBytes: 1e9}});
		expect((await examine({...small, verdict: undefined})).row('Disk').state).toBe('bad');
		expect((await examine(small)).row('Disk').state).toBe('ok');
	});
});

test('little memory is noted, and keeps nobody from trying', async () => {
	const {ok, row} = await examine(withHardware({memory: {totalBytes: 2 ** 31, availableBytes: 2 ** 30}}));
	expect(row('Memory')).toMatchObject({state: 'warn', action: expect.stringContaining('end other programs')});
	expect(ok).toBe(true);
});

describe('a graphics card', () => {
	const everything = {...good.cuda, found: new Map(cudaLibraryNames.map(name => [name, `/cache/${name}`])), missing: [], toolkit: '/cache'};
	const setUp: Findings = {...withHardware({gpu}), libraries: ['libcuda.so.1'], cuda: everything, gpuVerdict: {key: 'k', ok: true, device: 'gpu', stages: ['load', 'gpu', 'convolution', 'graph', 'xla']}};

	test('that is set up: the card, its driver, each library, and what was tried', async () => {
		const {ok, row, rows} = await examine(setUp);
		expect(rows.slice(-3)).toEqual([
			{name: 'GPU', state: 'ok', found: 'NVIDIA RTX 3090, 24.0 GiB, driver 550.54'},
			{name: 'CUDA libraries', state: 'ok', found: `found libcuda.so.1, ${cudaLibraryNames.join(', ')}`},
			{name: 'TensorFlow GPU', state: 'ok', found: 'works on the GPU: load, gpu, convolution, graph, xla'},
		]);
		expect(row('TensorFlow').found).toBe('works on the CPU: load, convolution, graph, xla');
		expect(ok).toBe(true);
	});

	test('that is not set up is a note: training runs on the CPU', async () => {
		const {ok, row} = await examine(withHardware({gpu}));
		expect(row('TensorFlow GPU')).toMatchObject({state: 'warn', found: expect.stringContaining('not set up'), action: 'dreambooth setup'});
		expect(ok).toBe(true);
	});

	test('without some of the CUDA libraries: which, and what brings them', async () => {
		const found = new Map([...everything.found].filter(([name]) => name !== 'libcudnn_ops.so.9'));
		const {row} = await examine({...setUp, libraries: ['libcudnn.so.8', 'libz.so.1'], cuda: {...everything, found, missing: ['libcudnn_ops.so.9']}, gpuVerdict: undefined});
		expect(row('CUDA libraries')).toMatchObject({state: 'warn', found: expect.stringMatching(/^found libcudart\.so\.12, .*; missing libcuda\.so\.1, libcudnn_ops\.so\.9$/), action: expect.stringMatching(/^dreambooth setup .*\n.*NVIDIA driver.*--gpus all/)});
	});

	test('on which TensorFlow failed: why', async () => {
		const {ok, row} = await examine({...setUp, gpuVerdict: {key: 'k', ok: false, stages: ['load'], fault: 'TensorFlow was loaded, but it sees no GPU: CUDA error 803.'}});
		expect(row('TensorFlow GPU')).toMatchObject({state: 'warn', found: expect.stringContaining('CUDA error 803'), action: expect.stringContaining('setup --gpu')});
		expect(ok).toBe(true);
	});

	test('whose driver fails is noted with what nvidia-smi says', async () => {
		const {ok, row} = await examine(withHardware({gpu: {state: 'driver-fails', message: 'NVML: Driver/library version mismatch\nmore'}}));
		expect(row('GPU')).toMatchObject({state: 'warn', found: 'The NVIDIA driver does not work: NVML: Driver/library version mismatch', action: expect.stringContaining('Restart the machine')});
		expect(ok).toBe(true);
	});

	test('without a driver is noted as well', async () => {
		const {row} = await examine({...good, cards: 1});
		expect(row('GPU')).toMatchObject({state: 'warn', found: expect.stringContaining('an NVIDIA card in this machine, but no NVIDIA driver'), action: expect.stringContaining('Install the driver')});
	});
});

test('a cure of several commands is shown line by line below its row', async () => {
	const rows: DoctorRow[] = [{name: 'A', state: 'bad', found: 'x', action: 'one\ntwo'}];
	expect(formatDoctor({rows, ok: false})).toBe('BAD  A  x\n        -> one\n        -> two\n\nTraining will not work until the lines marked BAD are cured.');
});
