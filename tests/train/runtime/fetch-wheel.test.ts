import fs from 'node:fs';
import path from 'node:path';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {obtainWheel} from '../../../src/train/runtime/fetch-wheel.ts';
import {tensorflowCpu, wheelFile} from '../../../src/train/runtime/wheel.ts';
import {failureOf, Machine} from './machine.ts';
import {badCertificate, fullDisk, noNetwork, otherVersionsOnly, unforeseen} from './pip-words.ts';

let machine: Machine;
beforeEach(() => {
	machine = new Machine();
	fs.mkdirSync(machine.cache);
});
afterEach(() => machine.remove());

const obtain = (wheels?: string) => obtainWheel({wheel: machine.wheel, cache: machine.cache, wheels, tell: progress => machine.told.push(progress)});
const intact = () => fs.readFileSync(path.join(machine.index, wheelFile(machine.wheel)));

describe('by pip', () => {
	test('asks for exactly the pinned wheel and leaves nothing else behind', async () => {
		machine.python();
		const file = await obtain();
		expect(fs.readFileSync(file)).toEqual(intact());
		expect(Object.keys(machine.files())).toEqual([path.join('download', wheelFile(machine.wheel))]);
		expect(machine.calls('python3')).toEqual([expect.stringMatching(
			/^python3 -m pip download --no-deps --only-binary=:all: .*--python-version 3\.11 --implementation cp --abi cp311 --platform manylinux_2_27_x86_64 --dest \S+ tensorflow-cpu==2\.21\.0$/,
		)]);
	});

	test('the progress moves while the file grows', async () => {
		// Half of the wheel, then nothing until that was seen.
		machine.python(`echo 1234 > "$TMPDIR/half.whl"; while [ ! -e '${machine.root}/seen' ]; do /bin/sleep 0.01; done; /bin/rm "$TMPDIR/half.whl"; /bin/cp '${machine.index}'/*.whl "$dest"`);
		await obtainWheel({wheel: machine.wheel, cache: machine.cache, tell(progress) {
			if (progress.what === 'Downloading TensorFlow 2.21.0' && progress.doneBytes === 5) fs.writeFileSync(path.join(machine.root, 'seen'), '');
			machine.told.push(progress);
		}});
		expect(machine.told).toContainEqual({what: 'Downloading TensorFlow 2.21.0', doneBytes: 5, totalBytes: machine.wheel.bytes});
	});

	test('no Python: says how to install it', async () => {
		const {message, action} = await failureOf(obtain());
		expect(message).toContain('there is no python3');
		expect(action).toMatch(/python3.* && .*pip/);
	});

	test('no pip: says how to install it', async () => {
		machine.program('python3', 'if [ "$*" = --version ]; then echo "Python 3.11.7"; else echo "/usr/bin/python3: No module named pip" >&2; exit 1; fi');
		const {message, action} = await failureOf(obtain());
		expect(message).toContain('python3 has none');
		expect(action).toContain('ensurepip');
	});

	test.each(Object.entries(noNetwork))('no network (%s): says so and how to go without', async (_, words) => {
		machine.pipFails(words);
		const {message, action} = await failureOf(obtain());
		expect(message).toMatch(/^pip cannot reach its package index\./);
		expect(message.match(/Retrying/g)).toHaveLength(1);
		expect(action).toMatch(/HTTPS_PROXY=.*--wheels FOLDER/);
	});

	test.each(Object.entries(badCertificate))('a certificate that pip does not trust (%s) is not taken for a missing network', async (_, words) => {
		machine.pipFails(words);
		const {message, action} = await failureOf(obtain());
		expect(message).toMatch(/^pip does not trust the certificate/);
		expect(action).toContain('config set global.cert');
	});

	test('an index without this version is told from a missing network', async () => {
		machine.pipFails(otherVersionsOnly);
		const {message, action} = await failureOf(obtain());
		expect(message).toContain('pip found no tensorflow-cpu 2.21.0');
		expect(message).toContain('from versions: 2.19.0, 2.20.0');
		expect(action).toContain('pip config list');
	});

	test('a disk that fills up during the download is named', async () => {
		machine.pipFails(fullDisk);
		const {message, action} = await failureOf(obtain());
		expect(message).toBe(`The disk of ${path.join(machine.cache, 'download')} is full.`);
		expect(action).toContain('DREAMBOOTH_HOME=');
	});

	test('any other failure: shows the last words of pip and the command to try by hand', async () => {
		machine.pipFails(unforeseen);
		const {message, action} = await failureOf(obtain());
		expect(message).toContain('HTTP error 403');
		expect(action).toMatch(/python3 -m pip download .* tensorflow-cpu==2\.21\.0/);
	});

	test('another file of that name from the index is refused and not kept', async () => {
		machine.python('echo something else > "$dest/$(echo tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl)"');
		const {message, action} = await failureOf(obtain());
		expect(message).toContain(machine.wheel.sha256);
		expect(action).toContain('pip config list');
		expect(machine.files()).toEqual({});
	});

	test('a wheel of the right length with one other byte is refused', async () => {
		const bytes = intact();
		bytes[bytes.length >> 1] ^= 1;
		fs.writeFileSync(path.join(machine.index, wheelFile(machine.wheel)), bytes);
		machine.python();
		expect((await failureOf(obtain())).message).toContain('SHA-256 differs');
	});

	test('a wheel that an earlier set-up has fetched is used without pip', async () => {
		fs.mkdirSync(path.dirname(machine.downloaded));
		fs.writeFileSync(machine.downloaded, intact());
		expect(await obtain()).toBe(machine.downloaded);
		expect(machine.calls('python3')).toEqual([]);
	});

	test('a damaged one is fetched again', async () => {
		fs.mkdirSync(path.dirname(machine.downloaded));
		fs.writeFileSync(machine.downloaded, intact().subarray(0, 100));
		machine.python();
		expect(fs.readFileSync(await obtain())).toEqual(intact());
	});

	test('too little disk room: both figures, before anything is fetched', async () => {
		machine.python();
		const {message, action} = await failureOf(obtainWheel({wheel: {...tensorflowCpu, unpackedBytes: 1e15}, cache: machine.cache, tell: () => {}}));
		expect(message).toMatch(/needs 1000000\.4 GB and the disk of \S+ has \d+\.\d GB left/);
		expect(action).toMatch(/^Free \d+\.\d GB there, .*DREAMBOOTH_HOME=/);
		expect(machine.calls('python3')).toEqual([]);
	});
});

describe('from a folder of wheels', () => {
	test('takes it from there, without Python, and leaves it alone', async () => {
		expect(await obtain(machine.index)).toBe(path.join(machine.index, wheelFile(machine.wheel)));
		expect(machine.files()).toEqual({});
	});

	test('a folder without it: names the file and the command for a machine with network', async () => {
		const {message, action} = await failureOf(obtain(machine.cache));
		expect(message).toBe(`${machine.cache} does not hold tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl.`);
		expect(action).toMatch(/python3 -m pip download --no-deps .* --dest FOLDER tensorflow-cpu==2\.21\.0\n.*--wheels/);
	});

	test('a damaged one is named and stays where it is', async () => {
		const file = path.join(machine.index, wheelFile(machine.wheel));
		fs.truncateSync(file, 100);
		expect((await failureOf(obtain(machine.index))).message).toContain(`${file} is not the file it should be`);
		expect(fs.existsSync(file)).toBe(true);
	});
});
