import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {logoutWarning} from '../../src/cli/logout-warning.ts';

let etc: string;

beforeEach(() => {
	etc = fs.mkdtempSync(path.join(os.tmpdir(), 'dreambooth-etc-'));
	fs.mkdirSync(path.join(etc, 'systemd/logind.conf.d'), {recursive: true});
});

afterEach(() => {
	fs.rmSync(etc, {recursive: true});
});

const configure = (file: string, line: string) => fs.writeFileSync(path.join(etc, 'systemd', file), `[Login]\n${line}\n`);

test('a person whose processes end at logout is told how to keep a run', () => {
	configure('logind.conf', 'KillUserProcesses=yes');
	expect(logoutWarning({XDG_SESSION_ID: '3'}, etc)).toContain('enable-linger');
});

test('nobody else is bothered', () => {
	expect(logoutWarning({XDG_SESSION_ID: '3'}, etc)).toBeUndefined();
	configure('logind.conf', '#KillUserProcesses=yes');
	expect(logoutWarning({XDG_SESSION_ID: '3'}, etc)).toBeUndefined();
	configure('logind.conf', 'KillUserProcesses=yes');
	expect(logoutWarning({}, etc)).toBeUndefined();
	expect(logoutWarning({XDG_SESSION_ID: '3', INVOCATION_ID: 'of a unit'}, etc)).toBeUndefined();
	configure('logind.conf.d/10-ours.conf', 'KillUserProcesses = no');
	expect(logoutWarning({XDG_SESSION_ID: '3'}, etc)).toBeUndefined();
});
