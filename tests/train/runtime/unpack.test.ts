import fs from 'node:fs';
import path from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import type {Progress} from '../../../src/train/runtime/progress.ts';
import {unpackWheel} from '../../../src/train/runtime/unpack.ts';
import {isWanted, tensorflowCpu, wheelFile} from '../../../src/train/runtime/wheel.ts';
import {failureOf, Machine} from './machine.ts';
import {unpacked, writeWheel} from './wheel-file.ts';

let machine: Machine;
beforeEach(() => (machine = new Machine()));
afterEach(() => machine.remove());

const wheelIn = (folder: string) => path.join(folder, wheelFile(machine.wheel));

test('takes out the libraries and the headers of the C side, and counts their bytes', async () => {
	const told: Progress[] = [];
	await unpackWheel(machine.wheel, wheelIn(machine.index), machine.runtime, progress => told.push(progress));
	expect(machine.files(machine.runtime)).toEqual(unpacked);
	const bytes = Object.values(unpacked).join('').length;
	expect(told.at(-1)).toEqual({what: 'Unpacking TensorFlow', doneBytes: bytes, totalBytes: bytes});
});

test('a member that differs from the record of the wheel is refused by name', async () => {
	const folder = path.join(machine.root, 'altered');
	writeWheel(folder, {'tensorflow/libtensorflow_cc.so.2': 'the LIBRARY'});
	expect((await failureOf(unpackWheel(machine.wheel, wheelIn(folder), machine.runtime, () => {}))).message).toMatch(/^tensorflow\/libtensorflow_cc\.so\.2 in .* differs from the wheel's own record/);
});

test('a zip file that is no wheel is refused', async () => {
	// An empty archive: its end record only (APPNOTE.TXT 4.3.16).
	const file = path.join(machine.root, 'empty.zip');
	fs.writeFileSync(file, Buffer.concat([Buffer.from('PK\u0005\u0006'), Buffer.alloc(18)]));
	expect((await failureOf(unpackWheel(machine.wheel, file, machine.runtime, () => {}))).message).toBe(`${file} is not a wheel of TensorFlow.`);
});

test.each([
	['tensorflow/libtensorflow_cc.so.2', true],
	['tensorflow/libtensorflow_framework.so.2', true],
	['tensorflow/include/tensorflow/c/c_api.h', true],
	['tensorflow/include/tensorflow/c/eager/c_api.h', true],
	['tensorflow/include/tensorflow/c/eager/c_api_internal.h', false],
	['tensorflow/include/tensorflow/core/framework/tensor.h', false],
	['tensorflow/python/_pywrap_tensorflow.so', false],
	['other/tensorflow/libtensorflow_cc.so.2', false],
])('%s is wanted: %s', (member, wanted) => {
	expect(isWanted(tensorflowCpu, member)).toBe(wanted);
});
