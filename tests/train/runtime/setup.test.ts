import {spawn} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {identify} from '../../../src/train/protocol/index.ts';
import {addonKey} from '../../../src/train/runtime/addon.ts';
import {describeSetup, isRuntimeReady, removeRuntime, setupRuntime, type SetupOptions} from '../../../src/train/runtime/index.ts';
import {wheelFile} from '../../../src/train/runtime/wheel.ts';
import {failureOf, goodPlatform, Machine} from './machine.ts';
import {unpacked} from './wheel-file.ts';

let machine: Machine;
beforeEach(() => {
	machine = new Machine();
	machine.python();
	machine.compiler();
});
afterEach(() => machine.remove());

const setup = (options?: Partial<SetupOptions>) => setupRuntime(machine.options(options));
const root = () => machine.options().packageRoot;
const inRuntime = (name: string) => path.join('tf-2.21.0-cpu', name);
const whole = () => [
	...Object.keys(unpacked).map(inRuntime),
	...['addon/built-from', 'addon/tfjs_binding.node', 'probe.json', 'tensorflow/from-wheel'].map(inRuntime),
].sort();

describe('a set-up', () => {
	test('ends with the wanted files of the wheel, the addon and the verdict, and with nothing else', async () => {
		expect(await setup()).toMatchObject({ok: true, device: 'cpu', stages: ['load', 'convolution', 'graph', 'xla']});
		expect(Object.keys(machine.files()).sort()).toEqual(whole());
		expect(machine.files(machine.runtime)).toMatchObject({...unpacked, 'addon/built-from': addonKey(root())});
		expect(isRuntimeReady(root())).toBe(true);
	});

	test('says what it does, in order', async () => {
		await setup();
		expect([...new Set(machine.told.map(({what}) => what))]).toEqual([
			'Downloading TensorFlow 2.21.0', 'Checking TensorFlow 2.21.0', 'Unpacking TensorFlow', 'Compiling the TensorFlow addon', 'Trying TensorFlow',
		]);
		expect(machine.told).toContainEqual({what: 'Downloading TensorFlow 2.21.0', doneBytes: 0, totalBytes: machine.wheel.bytes});
	});

	test('compiles the addon source as its package has it, with our header in front, against the unpacked libraries', async () => {
		await setup();
		const [backend, binding, link, ...more] = machine.calls('g++');
		const source = path.join(root(), 'node_modules/@tensorflow/tfjs-node-gpu/binding');
		expect(more).toEqual([]);
		expect(backend).toContain(`-c ${source}/tfjs_backend.cc`);
		expect(binding).toContain(`-c ${source}/tfjs_binding.cc`);
		expect(binding).toContain(`-include ${root()}/src/train/runtime/native/capture_context.h -I${machine.runtime}/tensorflow/include `);
		// Found from where the addon is, so that the folder may be moved.
		expect(link).toMatch(/ -Wl,-rpath,\$ORIGIN\/\.\.\/tensorflow$/);
	});

	test('of a machine that is set up does nothing', async () => {
		await setup();
		const before = machine.files();
		for (const name of ['python3', 'g++']) machine.program(name, 'exit 1');
		machine.probe('process.exit(1)');
		machine.told.length = 0;
		expect(await setup()).toMatchObject({ok: true});
		expect(machine.files()).toEqual(before);
		expect(machine.told).toEqual([]);
	});

	test('from a folder of wheels needs no Python and leaves the folder as it was', async () => {
		machine.program('python3', 'exit 1');
		const before = machine.files(machine.index);
		expect(await setup({wheels: machine.index})).toMatchObject({ok: true});
		expect(machine.files(machine.index)).toEqual(before);
	});
});

describe('after an interruption', () => {
	test('an addon that did not compile costs no second download', async () => {
		machine.compiler('echo "tfjs_backend.cc:1: fatal error: too little memory" >&2; exit 1');
		const {message, action} = await failureOf(setup());
		expect(message).toContain('too little memory');
		expect(action).toContain('g++ 8 or newer');
		machine.compiler();
		expect(await setup()).toMatchObject({ok: true});
		expect(machine.calls('python3').filter(call => call.includes(' download '))).toHaveLength(1);
		expect(Object.keys(machine.files()).sort()).toEqual(whole());
	});

	test('in the midst of unpacking and compiling, halves are thrown away', async () => {
		for (const half of ['tf-2.21.0-cpu.partial/tensorflow/libtensorflow_cc.so.2', 'tf-2.21.0-cpu/addon.partial/tfjs_backend.o', 'download/pip/pip-unpack-1/half.whl', 'tf-2.21.0-cpu.removed/probe.json']) {
			fs.mkdirSync(path.dirname(path.join(machine.cache, half)), {recursive: true});
			fs.writeFileSync(path.join(machine.cache, half), 'half');
		}
		await setup();
		expect(Object.keys(machine.files()).sort()).toEqual(whole());
		expect(machine.files(machine.runtime)).toMatchObject(unpacked);
	});

	test('a library that somebody has removed is noticed, and comes back', async () => {
		await setup();
		fs.rmSync(path.join(machine.runtime, 'tensorflow/libtensorflow_cc.so.2'));
		expect(isRuntimeReady(root())).toBe(false);
		expect(await setup()).toMatchObject({ok: true});
		expect(machine.files(machine.runtime)).toMatchObject(unpacked);
	});

	test('an addon built from other sources is built anew, and the verdict on it counts no more', async () => {
		await setup();
		for (const file of ['addon/built-from', 'probe.json']) {
			const place = path.join(machine.runtime, file);
			fs.writeFileSync(place, fs.readFileSync(place, 'utf8').replace(addonKey(root()), 'tfjs-node-gpu 4.0.0'));
		}
		expect(isRuntimeReady(root())).toBe(false);
		await setup();
		expect(machine.calls('g++')).toHaveLength(6);
		expect(machine.calls('python3').filter(call => call.includes(' download '))).toHaveLength(1);
		expect(isRuntimeReady(root())).toBe(true);
	});
});

describe('what is missing is named with its cure, before the download', () => {
	test('a C++ compiler', async () => {
		fs.rmSync(path.join(machine.root, 'bin/g++'));
		const {message, action} = await failureOf(setup());
		expect(message).toContain('there is no g++');
		expect(action).toMatch(/g\+\+|gcc/);
		expect(machine.calls('python3')).toEqual([]);
	});

	test('g++ may be clang++ or what CXX names', async () => {
		fs.renameSync(path.join(machine.root, 'bin/g++'), path.join(machine.root, 'bin/clang++'));
		expect(await setup()).toMatchObject({ok: true});
		await removeRuntime();
		fs.renameSync(path.join(machine.root, 'bin/clang++'), path.join(machine.root, 'bin/g++-13'));
		process.env.CXX = 'g++-13';
		expect(await setup()).toMatchObject({ok: true});
	});

	test.each([
		['another system', {os: 'darwin', architecture: 'arm64'}, /^This is darwin on arm64/, /Linux x86-64/],
		['another architecture', {architecture: 'arm64'}, /^This is linux on arm64/, /Linux x86-64/],
		['another C library', {glibc: undefined}, /not glibc/, /container/],
		['an old C library', {glibc: '2.17'}, /glibc 2\.17.*needs 2\.27/, /newer distribution/],
		['a CPU without AVX', {cpuFlags: new Set(['sse4_2'])}, /no AVX/, /-cpu host/],
	])('%s', async (_, other, words, cure) => {
		const {message, action} = await failureOf(setup({platform: {...goodPlatform, ...other}}));
		expect(message).toMatch(words);
		expect(action).toMatch(cure);
		expect(fs.existsSync(machine.cache)).toBe(false);
	});

	test('a folder that cannot be made', async () => {
		fs.writeFileSync(machine.cache, 'a file');
		const {message, action} = await failureOf(setup());
		expect(message).toContain(`${machine.cache} cannot be made`);
		expect(action).toContain('DREAMBOOTH_HOME=');
	});
});

test('a disk that fills up while the compiler writes is named', async () => {
	machine.compiler('echo "fatal error: error writing to /tmp/x.s: No space left on device" >&2; exit 1');
	const {message, action} = await failureOf(setup());
	expect(message).toMatch(/^The disk of .*cache.* is full\.$/);
	expect(action).toContain('Free some room');
});

describe('two at once', () => {
	test('the second is told who is at work; when that one has ended it may', async () => {
		const go = path.join(machine.root, 'go');
		machine.compiler(`while [ ! -e '${go}' ]; do /bin/sleep 0.01; done; : > "$out"`);
		const first = setup();
		await expect.poll(() => machine.calls('g++').length).toBe(1);
		const {message, action} = await failureOf(setup());
		expect(message).toMatch(new RegExp(`^Another set-up is at work \\(process ${process.pid} on `));
		expect(action).toContain('try again');
		expect((await failureOf(removeRuntime())).message).toContain('Another set-up is at work');
		fs.writeFileSync(go, '');
		expect(await first).toMatchObject({ok: true});
		expect(await setup()).toMatchObject({ok: true});
		expect(Object.keys(machine.files()).sort()).toEqual(whole());
	});

	test('the lock of a set-up that was killed stands in nobody\'s way', async () => {
		const killed = spawn('/bin/sleep', ['100'], {stdio: 'ignore'});
		const owner = identify(killed.pid!);
		const ended = new Promise(resolve => killed.on('close', resolve));
		fs.mkdirSync(machine.cache);
		fs.writeFileSync(path.join(machine.cache, 'setup-7.lock'), JSON.stringify(owner));
		expect((await failureOf(setup())).message).toContain(`process ${killed.pid} `);
		killed.kill('SIGKILL');
		await ended;
		expect(await setup()).toMatchObject({ok: true});
		expect(Object.keys(machine.files()).sort()).toEqual(whole());
	});

	test('a lock whose owner has had no time to write its name counts for some seconds', async () => {
		fs.mkdirSync(machine.cache);
		const lock = path.join(machine.cache, 'setup-1.lock');
		fs.writeFileSync(lock, '');
		expect((await failureOf(setup())).message).toBe('Another set-up has just begun.');
		fs.utimesSync(lock, 0, 0);
		expect(await setup()).toMatchObject({ok: true});
	});
});

describe('a dry run', () => {
	const describeIt = (wheels?: string) => describeSetup({packageRoot: root(), parts: [machine.wheel], ...(wheels !== undefined && {wheels})}).join('\n');

	test('names the download, the digest, the disk room and the build, and makes nothing', () => {
		const said = describeIt();
		expect(said).toContain('python3 -m pip download --no-deps');
		expect(said).toContain(machine.wheel.sha256);
		expect(said).toMatch(/\d\.\d GB of disk have to be free/);
		expect(said).toContain(`Compile the addon of tfjs-node-gpu with a C++ compiler to ${machine.runtime}`);
		expect(fs.existsSync(machine.cache)).toBe(false);
	});

	test('names the folder of wheels, or what an earlier set-up has fetched, in the place of the download', () => {
		expect(describeIt(machine.index)).toContain(`Take tensorflow-cpu 2.21.0 from ${machine.index}.`);
		fs.mkdirSync(path.dirname(machine.downloaded), {recursive: true});
		fs.copyFileSync(path.join(machine.index, wheelFile(machine.wheel)), machine.downloaded);
		expect(describeIt()).toContain('where an earlier set-up has left it');
	});

	test('of a machine that is set up says that all is there', async () => {
		await setup();
		expect(describeIt()).toBe(`TensorFlow 2.21.0 is in ${machine.runtime}.\nThe addon is built.\nIt was tried and works.`);
	});
});

describe('removing', () => {
	test('takes the runtime away and leaves everything else of the cache', async () => {
		await setup();
		fs.mkdirSync(path.join(machine.cache, 'class-images'));
		fs.writeFileSync(path.join(machine.cache, 'class-images/1.png'), 'picture');
		expect(await removeRuntime()).toEqual([machine.runtime]);
		expect(machine.files()).toEqual({'class-images/1.png': 'picture'});
		expect(isRuntimeReady(root())).toBe(false);
	});

	test('takes away what an interrupted set-up has left', async () => {
		fs.mkdirSync(path.dirname(machine.downloaded), {recursive: true});
		fs.writeFileSync(machine.downloaded, 'half');
		expect(await removeRuntime()).toEqual([path.dirname(machine.downloaded)]);
		expect(machine.files()).toEqual({});
	});

	test('of nothing does nothing', async () => {
		expect(await removeRuntime()).toEqual([]);
		expect(fs.existsSync(machine.cache)).toBe(false);
	});
});
