import fs from 'node:fs';
import path from 'node:path';
import {spawn, type IPty} from '@lydell/node-pty';
import {afterAll, afterEach, beforeAll, beforeEach, expect, test, vi} from 'vitest';
import {findRun, isHeld, listRuns, packageRoot, summarizeRun} from '../../src/train/protocol/index.ts';
import {addonKey} from '../../src/train/runtime/addon.ts';
import {runtimeFolder} from '../../src/train/runtime/index.ts';
import {buildPrograms, endProcesses, ownRuns, until} from '../train/processes/world.ts';
import {KEYS} from '../tui/fake-keyboard.ts';
import {FakeTerminal} from '../tui/term/fake-terminal.ts';

let programs: string;
let runs: ReturnType<typeof ownRuns>;
let environment: Record<string, string>;
let open: {child: IPty; terminal: FakeTerminal; ended: Promise<number>}[];

beforeAll(async () => {
	programs = await buildPrograms({cli: 'src/cli.ts', runner: 'src/train/runner.ts', trainer: 'tests/train/processes/fake-trainer.ts'});
});
afterAll(() => {
	fs.rmSync(programs, {recursive: true, force: true});
});
beforeEach(() => {
	runs = ownRuns();
	open = [];
	const home = path.join(runs.folder, 'home');
	// The trainer takes its time, so that there is something to leave and to come back to.
	environment = {
		...process.env as Record<string, string>, NODE_ENV: 'production', DREAMBOOTH_HOME: home, XDG_CONFIG_HOME: path.join(home, 'config'), FAKE_TRAINER: '{"stepMs": 200}',
		TERM: 'xterm-256color', LANG: 'C.UTF-8', NO_COLOR: '1',
	};
	delete environment.XDG_SESSION_ID;
	const runtime = runtimeFolder('cpu', environment);
	for (const file of ['addon/tfjs_binding.node', 'tensorflow/libtensorflow_framework.so.2', 'tensorflow/libtensorflow_cc.so.2']) {
		fs.mkdirSync(path.dirname(path.join(runtime, file)), {recursive: true});
		fs.writeFileSync(path.join(runtime, file), '');
	}

	fs.writeFileSync(path.join(runtime, 'probe.json'), JSON.stringify({key: `${addonKey(packageRoot())} node ${process.versions.node.split('.')[0]}`, ok: true, stages: []}));
});
afterEach(async () => {
	for (const {child, ended} of open) {
		child.kill('SIGKILL');
		await ended;
	}

	for (const run of listRuns()) {
		await endProcesses(run);
	}

	runs.remove();
});

/** `dreambooth` in a terminal of its own. */
function dreambooth(...args: readonly string[]) {
	const terminal = new FakeTerminal(80, 24);
	const child = spawn(process.execPath, [path.join(programs, 'cli.js'), ...args], {cols: 80, rows: 24, name: 'xterm-256color', cwd: runs.folder, env: environment});
	child.onData(text => terminal.write(text));
	const ended = new Promise<number>(resolve => {
		child.onExit(({exitCode}) => resolve(exitCode));
	});
	open.push({child, terminal, ended});
	const see = async (text: string | RegExp): Promise<void> => {
		await vi.waitFor(async () => expect((await terminal.screen()).join('\n')).toMatch(text), {timeout: 20_000});
	};

	return {
		child, ended, see,
		async press(keys: string, then: string | RegExp): Promise<void> {
			child.write(keys);
			await see(then);
		},
	};
}

test('from the first page to a run by keys, away, back, and to its end', async () => {
	const app = dreambooth();
	await app.see('❯ 1 Try it');
	await app.press(KEYS.enter, 'Press Enter to submit form');
	await app.press(KEYS.enter, /demo-robot · running/);
	expect(findRun().record.config).toMatchObject({name: 'demo-robot', baseModel: 'demo', maxSteps: 200});
	await app.press('d', /Training continues in the background\. Watch it again: dreambooth attach/);
	expect(await app.ended).toBe(0);
	expect(isHeld(findRun())).toBe(true);

	const list = dreambooth();
	await list.see('Runs (1, 1 at work)');
	await list.press('3', /demo-robot +running/);
	await list.press(KEYS.enter, /demo-robot · running/);
	expect(await dreambooth('stop').ended).toBe(0);
	await list.see('stopped');
	await list.press('q', /demo-robot +stopped/);
	await list.press(KEYS.escape, 'Try it');
	list.child.write('q');
	expect(await list.ended).toBe(0);
	expect(summarizeRun(findRun()).state).toBe('stopped');
});

test('a terminal that is closed takes the app with it and not the run', async () => {
	const app = dreambooth();
	await app.see('❯ 1 Try it');
	await app.press(`${KEYS.enter}`, 'Press Enter to submit form');
	await app.press(KEYS.enter, /demo-robot · running/);
	app.child.kill('SIGHUP');
	expect(await app.ended).toBe(129);
	const {step} = summarizeRun(findRun());
	await until('the run goes on', () => summarizeRun(findRun()).step > step + 2);

	const again = dreambooth('attach');
	await again.see(/demo-robot · running/);
	again.child.write(`${KEYS.ctrlC}${KEYS.ctrlC}`);
	expect(await again.ended).toBe(0);
	expect(isHeld(findRun())).toBe(true);
});

test('what is missing for a run is said in the app', async () => {
	fs.rmSync(runtimeFolder('cpu', environment), {recursive: true});
	const app = dreambooth();
	await app.see('❯ 1 Try it');
	await app.press(KEYS.enter, 'Press Enter to submit form');
	await app.press(KEYS.enter, /Get it, once, with: dreambooth\s+setup/);
	expect(listRuns()).toEqual([]);
	app.child.write(`${KEYS.ctrlC}${KEYS.ctrlC}`);
	expect(await app.ended).toBe(0);
});
