import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {Command} from 'commander';
import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest';
import {correctionKey, defaultConfig, placementOn, publishedShapes, writeConfigFile, writeMeasured, demoConfig} from '../../src/presets/index.ts';
import {declare} from '../../src/cli/estimate.ts';
import {UsageError} from '../../src/cli/usage-error.ts';

const gibibyte = 2 ** 30;
let home: string;
beforeEach(async () => {
	home = await fs.mkdtemp(path.join(os.tmpdir(), 'estimate-'));
	vi.stubEnv('DREAMBOOTH_HOME', home);
	vi.stubEnv('XDG_CONFIG_HOME', home);
});
afterEach(async () => {
	vi.unstubAllEnvs();
	await fs.rm(home, {recursive: true, force: true});
});

/** What `dreambooth estimate` prints. */
const estimate = async (...args: string[]): Promise<string> => {
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

interface Printed {
	readonly device: string;
	readonly peakBytes: number;
	readonly peakPhase: string;
	readonly availableBytes: number;
	readonly usableBytes: number;
	readonly fits: boolean;
	readonly calibrated: boolean;
	readonly measured: boolean;
	readonly plan: {readonly phases: readonly {readonly phase: string; readonly bytes: number; readonly lines: Readonly<Record<string, number>>}[]};
	readonly changes: readonly {readonly change: object; readonly text: string}[];
}
const asJson = async (...args: string[]): Promise<Printed> => JSON.parse(await estimate(...args, '--json')) as Printed;

const onCard = ['--published', 'sd15', '--card', '24 GiB'];

describe('dreambooth estimate', () => {
	test('prints the lines of the plan, the phases, whether it fits, and what each option would change with its flag', async () => {
		const text = await estimate(...onCard, '--precision', 'bf16');
		expect(text).toMatch(/^Stable Diffusion 1\.5 on card with 24\.0 GiB, 24\.0 GiB of 24\.0 GiB free \(calibrated by measurements\)/);
		for (const line of [/^UNet, its adapters +3\.2 GiB +3\.2 GiB$/m, /^Optimizer state +7\.3 GiB/m, /^Half-precision copies +5 MiB +\d+ MiB$/m, /^Backward pass +\d+\.\d GiB {2}<- peak$/m, /^Fits, with \d\.\d GiB to spare/m, /^ {2}8-bit AdamW: -\d\.\d GiB, about the same speed {2}\(--optimizer adamw8bit\)$/m]) expect(text).toMatch(line);
	});

	test('says how much XLA compiles, and that there is nothing to compile on a CPU', async () => {
		expect(await estimate(...onCard, '--text-encoder-step-ratio', '0.5', '--train-text-encoder', 'yes', '--crop', 'none')).toMatch(/^2 step functions to compile for each bucket in use \(3 at most\), about 105 seconds each the first time on this machine, 6 seconds later on\.$/m);
		expect(await estimate(...onCard, '--train-text-encoder', 'no')).toMatch(/^1 step function to compile, about 80 seconds the first time/m);
		expect(await estimate('--base-model', 'demo', '--device', 'cpu')).not.toContain('to compile');
	});

	test('says by how much a config is too large, and the exact changes that would fit, which then do', async () => {
		const asked = ['--published', 'sd15', '--card', '12 GiB', '--resolution', '768'];
		const {fits, changes, peakBytes, usableBytes} = await asJson(...asked);
		expect(fits).toBe(false);
		expect(peakBytes).toBeGreaterThan(usableBytes);
		expect(changes.length).toBeGreaterThan(0);
		const text = await estimate(...asked);
		expect(text).toMatch(/Does not fit: \d+\.\d GiB too much with a margin of 1\.2 GiB\. These changes together would make it fit:/);
		const flags = changes.flatMap(({text: change}) => /\((--.*)\)$/m.exec(text.split('\n').find(line => line.includes(change))!)![1].split(' '));
		expect((await asJson(...asked, ...flags)).fits).toBe(true);
	});

	test('takes a config file, a preset and flags, as train does', async () => {
		const file = path.join(home, 'robot.json');
		await writeConfigFile(file, {...demoConfig(), batchSize: 2});
		const [fromFile, smaller, preset] = [await asJson('--config', file), await asJson('--config', file, '--batch-size', '1'), await asJson('--preset', 'demo')];
		expect(smaller.peakBytes).toBeLessThan(fromFile.peakBytes);
		expect(fromFile.peakBytes).toBeLessThan(preset.peakBytes);
		expect(preset).toMatchObject({device: 'cpu', calibrated: true, fits: true});
	});

	test('plans a config for a GPU where there is none', async () => {
		const file = path.join(home, 'robot.json');
		await writeConfigFile(file, {...demoConfig(), precision: 'bf16', optimizer: 'adamw8bit'});
		expect(await asJson('--config', file, '--card', '8 GiB')).toMatchObject({device: 'gpu', fits: true});
	});

	test('plans for the card that is asked for, and refuses one that is not there', async () => {
		await fs.writeFile(path.join(home, 'nvidia-smi'), '#!/bin/sh\ncase "$1" in --query-gpu*) printf "0, RTX A5000, 24576, 4096, 20480, 550, GPU-00000000-1, 8.6\\n1, RTX A2000, 12288, 0, 12288, 550, GPU-00000001-1, 8.6\\n";; esac', {mode: 0o755});
		vi.stubEnv('PATH', `${home}:${process.env.PATH}`);
		vi.stubEnv('CUDA_VISIBLE_DEVICES', undefined);
		expect(await asJson('--published', 'sd15', '--gpu', '0')).toMatchObject({device: 'gpu', place: 'RTX A5000', totalBytes: 24 * gibibyte, availableBytes: 20 * gibibyte});
		expect(await asJson('--published', 'sd15', '--gpu', 'GPU-00000001-1')).toMatchObject({place: 'RTX A2000', availableBytes: 12 * gibibyte});
		await expect(estimate('--published', 'sd15', '--gpu', '2')).rejects.toThrow('There is no GPU 2; there are GPU 0 (RTX A5000), GPU 1 (RTX A2000).');
	});

	test('--json adds up: the lines of each phase to its bytes, the largest phase to the peak', async () => {
		const {plan: {phases}, peakBytes, peakPhase} = await asJson(...onCard);
		for (const {bytes, lines} of phases) expect(Object.values(lines).reduce((sum, line) => sum + line, 0)).toBeCloseTo(bytes, -1);
		expect(peakBytes).toBe(Math.round(Math.max(...phases.map(({bytes}) => bytes))));
		expect(phases.find(({phase}) => phase === peakPhase)?.bytes).toBeCloseTo(peakBytes, -1);
	});

	test('corrects the plan by what a run of the same has measured here', async () => {
		const place = placementOn({index: 0, name: 'card with 24.0 GiB', totalBytes: 24 * gibibyte, usedBytes: 0, freeBytes: 24 * gibibyte, driver: '', computeCapability: 8});
		const before = await asJson(...onCard);
		writeMeasured(home, correctionKey(defaultConfig(), {shape: publishedShapes.sd15}, place), 19 * gibibyte);
		expect(before).toMatchObject({measured: false, calibrated: true});
		expect(await asJson(...onCard)).toMatchObject({measured: true, calibrated: true, peakBytes: 19 * gibibyte});
		expect(await asJson(...onCard, '--batch-size', '2')).toMatchObject({measured: false});
	});

	test.each([
		[['--published', 'sd9', '--card', '24 GiB'], 'There are sd15 and sd21.'],
		[[], 'Give --base-model'],
		[['--published', 'sd15', '--card', 'lots'], 'Write it as "24 GiB"'],
		[['--published', 'sd15', '--gpu', 'first'], 'nvidia-smi counts them from 0'],
		[['--base-model', '/does/not/exist'], '--published sd15 or sd21'],
	])('%j is refused with what to do', async (args, action) => {
		await expect(estimate(...args)).rejects.toSatisfy((error: unknown) => error instanceof UsageError && error.action.includes(action));
	});
});
