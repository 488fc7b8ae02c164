import path from 'node:path';
import {spawn} from '@lydell/node-pty';
import {expect, test, vi} from 'vitest';
import {FakeTerminal} from './fake-terminal.ts';

const script = path.join(import.meta.dirname, 'open-screen.ts');

test('Ctrl-Z gives the terminal back to the shell, and fg brings the screen back', async () => {
	const terminal = new FakeTerminal(80, 24);
	const shell = spawn('/bin/sh', ['-im'], {cols: 80, rows: 24, cwd: path.join(import.meta.dirname, '../../..'), env: {...process.env, PS1: 'shell> ', ENV: ''}});
	shell.onData(text => terminal.write(text));
	const ended = new Promise<void>(resolve => {
		shell.onExit(() => resolve());
	});
	const shows = async (text: string, alternate: boolean): Promise<void> => vi.waitFor(async () => {
		expect((await terminal.screen()).join('\n')).toContain(text);
		expect(await terminal.state()).toMatchObject({alternate});
	}, {timeout: 20_000});

	await shows('shell>', false);
	shell.write(`'${process.execPath}' --import tsx '${script}' exit\r`);
	await shows('on the screen', true);
	shell.write('\u001A');
	await shows('Stopped', false);
	// The shell can be used meanwhile: letters are echoed, lines are edited.
	shell.write('echo in between $((40 + 2))\r');
	await shows('in between 42', false);
	shell.write('fg\r');
	await shows('on the screen', true);
	expect((await terminal.screen()).join('\n')).not.toContain('in between');
	shell.write('x');
	await vi.waitFor(async () => expect(await terminal.state()).toMatchObject({alternate: false}));
	shell.kill('SIGHUP');
	await ended;
});
