import fs from 'node:fs';
import path from 'node:path';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {isRuntimeReady, probeRuntime, setupRuntime, storedVerdict} from '../../../src/train/runtime/index.ts';
import {failureOf, Machine} from './machine.ts';

let machine: Machine;
beforeEach(async () => {
	machine = new Machine();
	machine.python();
	machine.compiler();
	await setupRuntime(machine.options());
});
afterEach(() => machine.remove());

const root = () => machine.options().packageRoot;
const probe = (source: string, timeoutMs?: number) => {
	machine.probe(source);
	return probeRuntime(root(), machine.options().probeProgram, timeoutMs === undefined ? {} : {timeoutMs});
};

const reached = (...stages: string[]) => `process.send({stages: ${JSON.stringify(stages)}, ok: false}, () => {`;

describe('what does not work is named by the stage that was not reached', () => {
	test.each([
		[[], 'TensorFlow could not be loaded'],
		[['load'], 'TensorFlow was loaded, but a convolution failed'],
		[['load', 'convolution'], 'A traced function failed'],
		[['load', 'convolution', 'graph'], 'A function compiled by XLA failed'],
	])('after %j', async (stages, words) => {
		const {ok, fault} = await probe(`process.send({stages: ${JSON.stringify(stages)}, ok: false, fault: 'the reason'}); process.disconnect();`);
		expect(ok).toBe(false);
		expect(fault).toBe(`${words}: the reason`);
	});

	test('a process that a signal kills: the signal, what it means, and its last words', async () => {
		const {fault} = await probe(`${reached('load')} console.error('F0000 illegal hardware instruction'); process.kill(process.pid, 'SIGILL'); });`);
		expect(fault).toContain('a convolution failed: the process ended with SIGILL (this CPU lacks an instruction that TensorFlow uses).');
		expect(fault).toContain('F0000 illegal hardware instruction');
	});

	test('a process that ends of itself without a word', async () => {
		expect((await probe('process.exit(3);')).fault).toBe('TensorFlow could not be loaded: the process ended with exit code 3.');
	});

	test('a process that hangs is ended', async () => {
		expect((await probe(`${reached('load', 'convolution')} setInterval(() => {}, 1000); });`, 1000)).fault).toBe('A traced function failed: no end within 1 s.');
	});
});

test('a verdict is stored, the bad one too', async () => {
	const verdict = await probe(`process.send({stages: ['load'], ok: false, fault: 'no'}); process.disconnect();`);
	expect(storedVerdict(root())).toEqual(verdict);
	expect(isRuntimeReady(root())).toBe(false);
});

test('a set-up whose probe fails says why and what to do, and the next one tries again', async () => {
	await probe('process.exit(3);');
	const {message, action} = await failureOf(setupRuntime(machine.options()));
	expect(message).toContain('TensorFlow could not be loaded');
	expect(action).toContain('dreambooth doctor');
	machine.probe(`process.send({stages: ['load', 'convolution', 'graph', 'xla'], ok: true, device: 'cpu'}); process.disconnect();`);
	expect(await setupRuntime(machine.options())).toMatchObject({ok: true});
});

test.each([
	['of another version of Node', (text: string) => text.replace(/ node \d+/, ' node 1')],
	['that is no JSON', () => '{"ok": true'],
	['that is no verdict', () => '{"ok": "yes"}'],
])('a verdict %s does not count', (_, alter) => {
	const file = path.join(machine.runtime, 'probe.json');
	expect(isRuntimeReady(root())).toBe(true);
	fs.writeFileSync(file, alter(fs.readFileSync(file, 'utf8')));
	expect(storedVerdict(root())).toBeUndefined();
});
