import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {afterAll, expect, it} from 'vitest';
import {hasNvidiaDevice} from '../../../src/train/runtime/nvidia-device.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'devices-'));
afterAll(() => rmSync(folder, {recursive: true}));

it.each(['nvidiactl', 'nvidia0', 'nvidia-uvm', 'dxg'])('a GPU shows by /dev/%s', name => {
	const devices = mkdtempSync(path.join(folder, 'dev-'));
	writeFileSync(path.join(devices, 'null'), '');
	expect(hasNvidiaDevice(devices)).toBe(false);
	writeFileSync(path.join(devices, name), '');
	expect(hasNvidiaDevice(devices)).toBe(true);
});

it('where devices cannot be listed there is none', () => expect(hasNvidiaDevice(path.join(folder, 'nothing'))).toBe(false));
