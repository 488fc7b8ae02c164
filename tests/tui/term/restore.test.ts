import path from 'node:path';
import {spawn} from '@lydell/node-pty';
import {expect, test, vi} from 'vitest';
import {FakeTerminal} from './fake-terminal.ts';

const script = path.join(import.meta.dirname, 'open-screen.ts');

test.each([
	['exits', 'exit', 0],
	['is ended by SIGTERM', 'SIGTERM', 143],
	['loses its session', 'SIGHUP', 129],
	['dies of a defect', 'throw', 1],
])('the terminal is put back when the program %s', async (_, how, expectedCode) => {
	const terminal = new FakeTerminal(80, 24);
	const child = spawn(process.execPath, ['--import', 'tsx', script, how], {cols: 80, rows: 24, cwd: path.join(import.meta.dirname, '../../..')});
	let output = '';
	child.onData(text => {
		output += text;
		terminal.write(text);
	});
	const ended = new Promise<number>(resolve => {
		child.onExit(({exitCode}) => resolve(exitCode));
	});
	await vi.waitFor(async () => expect(await terminal.screen()).toContain('on the screen'), {timeout: 20_000});
	expect(await terminal.state()).toMatchObject({alternate: true});

	if (how.startsWith('SIG')) {
		child.kill(how);
	} else {
		child.write('x');
	}

	expect(await ended).toBe(expectedCode);
	await vi.waitFor(async () => expect(await terminal.state()).toMatchObject({alternate: false}));
	// The cursor is shown again and long lines wrap.
	expect(output).toContain('\u001B[?25h');
	expect(output).toContain('\u001B[?7h');
	if (how === 'throw') {
		expect((await terminal.screen()).join('\n')).toContain('a defect');
	}
});
