import fs from 'node:fs/promises';
import {createRequire} from 'node:module';
import os from 'node:os';
import path from 'node:path';
import {Command} from 'commander';
import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest';
import {declare} from '../../src/cli/inspect.ts';
import {UsageError} from '../../src/cli/usage-error.ts';
import {asset, demoConfig, writeConfigFile} from '../../src/presets/index.ts';

let home: string;
let config: string;
beforeEach(async () => {
	home = await fs.mkdtemp(path.join(os.tmpdir(), 'inspect-'));
	vi.stubEnv('DREAMBOOTH_HOME', home);
	vi.stubEnv('XDG_CONFIG_HOME', home);
	config = path.join(home, 'demo.json');
	await writeConfigFile(config, demoConfig());
});
afterEach(async () => {
	vi.unstubAllEnvs();
	await fs.rm(home, {recursive: true, force: true});
});

/** What `dreambooth inspect` prints. */
const inspect = async (...args: string[]): Promise<string> => {
	let printed = '';
	const write = vi.spyOn(process.stdout, 'write').mockImplementation(text => {
		printed += String(text);
		return true;
	});
	try {
		const command = new Command().exitOverride();
		declare(command);
		await command.parseAsync(args, {from: 'user'});
	} finally {
		write.mockRestore();
	}

	return printed;
};

describe('dreambooth inspect', () => {
	test('prints a row for each image, what is wrong, and the first steps', async () => {
		const text = await inspect('--config', config, '--steps', '2');
		expect(text).toMatch(/^robot-1\.png +\d+x\d+ +\d+x\d+ +nothing +\d+ +a photo of sks robot +a photo of a robot$/m);
		expect(text).toContain('Nothing to object to.');
		expect(text).toMatch(/^Step 2: learning rate 0\.000008667, of the text encoder 0\.00005333$/m);
		expect(text).not.toContain('Step 3');
	});

	test('says which functions XLA compiles, and which buckets are used then', async () => {
		expect(await inspect('--config', config)).not.toContain('to compile');
		const text = await inspect('--config', config, '--engine', 'xla', '--text-encoder-step-ratio', '0.5');
		expect(text).toMatch(/^2 step functions to compile, about \d+ seconds each: 64x64, text encoder trained \(100 calls\); 64x64, text encoder kept \(100 calls\)\.$/m);
		const {compiled, plainGraphs} = JSON.parse(await inspect('--config', config, '--engine', 'xla', '--json')) as {compiled: unknown[]; plainGraphs: unknown[]};
		expect([compiled, plainGraphs]).toMatchObject([[{name: '64x64', calls: 200}], []]);
	});

	test('gives scripts one JSON object, and saves the cropped images where asked', async () => {
		const crops = path.join(home, 'crops');
		const printed = JSON.parse(await inspect('--config', config, '--json', '--crops', crops)) as {images: {file: string; hash: string}[]; findings: unknown[]; crops: string[]};
		expect(printed.images.map(({file}) => file)).toContain(asset('demo', 'photos', 'robot-5.png'));
		expect(printed.images[0]!.hash).toMatch(/^[\da-f]{16}$/);
		expect(printed.crops.map(file => path.basename(file))).toEqual((await fs.readdir(crops)).sort());
	});

	test('says what to do about a wrong count, a model that is not there and a config without images', async () => {
		await expect(inspect('--config', config, '--steps', 'two')).rejects.toThrow(UsageError);
		await expect(inspect('--config', config, '--base-model', path.join(home, 'none'))).rejects.toThrow(UsageError);
		await expect(inspect('--base-model', 'demo')).rejects.toThrow(UsageError);
	});

	test('works without the TensorFlow runtime, and loads nothing of it', async () => {
		// The home of these tests has no runtime.
		await inspect('--config', config, '--steps', '1');
		expect(Object.keys(createRequire(import.meta.url).cache).filter(file => /tensorflow|koffi/.test(file))).toEqual([]);
	});
});
