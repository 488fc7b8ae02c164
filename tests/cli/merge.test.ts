import {spawn} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {buildPrograms} from '../train/processes/world.ts';
import {demoLoraFile} from '../train/lora-file.ts';
import {newFolder, removeFolders} from '../train/training-run.ts';

/** The real programs: one of the two works in a process of its own. */
let programs: string;
let here: string;
beforeAll(async () => {
	programs = await buildPrograms({cli: 'src/cli.ts', trainer: 'src/train/trainer.ts'});
	here = newFolder();
	await demoLoraFile(here, {name: 'rex'});
});
afterAll(() => {
	fs.rmSync(programs, {recursive: true, force: true});
	removeFolders();
});

async function dreambooth(...args: string[]): Promise<{readonly code: number | null; readonly out: string; readonly err: string}> {
	const child = spawn(process.execPath, [path.join(programs, 'cli.js'), ...args], {cwd: here, env: {...process.env, DREAMBOOTH_RUNS: path.join(here, 'runs')}, stdio: ['ignore', 'pipe', 'pipe']});
	let [out, err] = ['', ''];
	child.stdout.on('data', text => {
		out += String(text);
	});
	child.stderr.on('data', text => {
		err += String(text);
	});
	return new Promise(resolve => {
		child.on('close', code => resolve({code, out: out.replaceAll(here, 'HERE'), err}));
	});
}

describe('dreambooth merge and extract', () => {
	test('work a LoRA into a model and get it out again', async () => {
		expect(await dreambooth('merge', 'demo', '--lora', 'rex.safetensors:0.5', '--to', 'merged', '--precision', 'f32')).toEqual({
			code: 0, err: '', out: expect.stringMatching(/^HERE\/merged\nrex\.safetensors at strength 0\.5, \d+ modules; saved in F32\n$/) as string,
		});
		const extracted = await dreambooth('extract', 'merged', 'demo', '--rank', '4', '--targets', 'all', '--to', 'back.safetensors');
		expect(extracted).toEqual({code: 0, err: '', out: expect.stringMatching(/^HERE\/back\.safetensors\n\d+ modules of rank 4 keep 100 % of the difference in these modules \(of its squares\), which are 100 % of the whole difference\.\n$/) as string});
		expect(await dreambooth('merge', 'demo', 'merged', '--weight', '.25', '--to', 'mixed.safetensors')).toMatchObject({code: 0, out: 'HERE/mixed.safetensors\n75 % of demo and 25 % of merged; saved in F16\n'});
	});

	test('say what is lost at a small rank', async () => {
		const {code, err} = await dreambooth('extract', 'merged', 'demo', '--rank', '1', '--targets', 'attention', '--to', 'small.safetensors');
		expect(code).toBe(0);
		expect(err).toMatch(/^warning: The LoRA does not reach [\d.]+ % of the difference: more is reached with --targets all\.\nwarning: Much of the difference is lost at this rank: a higher --rank keeps more\.\n$/);
	});

	test.each<[string[], string]>([
		[['merge', 'demo', '--to', 'x'], 'There is nothing to merge.'],
		[['merge', 'demo', '--weight', '0.5', '--lora', 'rex.safetensors', '--to', 'x'], '--weight 0.5: there is no second model.'],
		[['merge', 'demo', 'demo', '--weight', '30', '--to', 'x'], '--weight 30: it is a share, from 0 to 1.'],
		[['merge', 'demo', '--lora', 'max.safetensors:0.5', '--to', 'x'], 'There is no LoRA max.safetensors: no such file or folder, and no such run.'],
		[['merge', 'nowhere', '--lora', 'rex.safetensors', '--to', 'x'], 'There is no model nowhere: no such file or folder, and no such run.'],
		[['extract', 'merged', 'demo', '--rank', '0.5', '--to', 'x.safetensors'], '--rank 0.5: it must be a whole number from 1 to 1280.'],
		[['extract', 'merged', 'demo', '--to', 'x'], '--to x: a LoRA is one file, whose name ends with .safetensors.'],
	])('%j is refused before any work', async (args, message) => {
		const {code, err} = await dreambooth(...args);
		expect(code).toBe(2);
		expect(err).toContain(`error: ${message}`);
		expect(err).toContain('What to do: ');
		expect(fs.existsSync(path.join(here, 'x'))).toBe(false);
	});
});
