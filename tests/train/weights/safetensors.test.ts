import {mkdtemp, open, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {atomicWriteFile, encodeFloats, openSafetensors, writeSafetensors, WeightsError, type TensorToWrite} from '../../../src/train/weights/index.ts';

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(path.join(os.tmpdir(), 'safetensors-'));
});
afterEach(() => rm(folder, {recursive: true}));

const floats = (name: string, shape: number[], values: number[], dtype: 'F32' | 'F16' | 'BF16' = 'F32'): TensorToWrite => ({
	name,
	dtype,
	shape,
	bytes: () => encodeFloats(Float32Array.from(values), dtype),
});

/** A file with this header text, its true length in front, and this many data bytes. */
async function withHeader(header: string, dataBytes: number): Promise<string> {
	const file = path.join(folder, 'made.safetensors');
	const text = Buffer.from(header);
	const length = Buffer.alloc(8);
	length.writeBigUInt64LE(BigInt(text.length));
	await writeFile(file, Buffer.concat([length, text, Buffer.alloc(dataBytes)]));
	return file;
}

test('tensors and metadata come back as they were written', async () => {
	const file = path.join(folder, 'model.safetensors');
	await writeSafetensors(
		file,
		[
			floats('weight', [2, 2], [1, -2, 0.5, 3]),
			floats('half', [2], [0.25, -8], 'F16'),
			floats('brain', [1], [1.5], 'BF16'),
			floats('scalar', [], [7]),
			floats('empty', [0, 3], []),
			floats('__proto__', [1], [9]),
			{name: 'ids', dtype: 'I64', shape: [2], bytes: () => new Uint8Array(BigInt64Array.of(5n, -6n).buffer)},
		],
		{format: 'pt', title: 'größe ☆'},
	);
	const opened = await openSafetensors(file);
	expect(Object.fromEntries(opened.metadata)).toEqual({format: 'pt', title: 'größe ☆'});
	expect([...(await opened.readFloat32('weight'))]).toEqual([1, -2, 0.5, 3]);
	expect([...(await opened.readFloat32('half'))]).toEqual([0.25, -8]);
	expect([...(await opened.readFloat32('brain'))]).toEqual([1.5]);
	expect([...(await opened.readFloat32('scalar'))]).toEqual([7]);
	expect([...(await opened.readFloat32('empty'))]).toEqual([]);
	expect([...(await opened.readFloat32('__proto__'))]).toEqual([9]);
	expect([...(await opened.readInt32('ids'))]).toEqual([5, -6]);
	expect(opened.get('weight')).toMatchObject({dtype: 'F32', shape: [2, 2]});
	await opened.close();
});

test('the widest types lie first, then by name, and the data begins at a multiple of eight', async () => {
	const file = path.join(folder, 'model.safetensors');
	await writeSafetensors(file, [floats('b', [1], [0], 'F16'), floats('z', [1], [0]), floats('a', [1], [0], 'F16'), floats('y', [1], [0])]);
	const opened = await openSafetensors(file);
	expect([...opened.tensors.keys()]).toEqual(['y', 'z', 'a', 'b']);
	expect(opened.get('y').begin % 8).toBe(0);
	await opened.close();
});

test('a save that fails leaves the old file and nothing else', async () => {
	const file = path.join(folder, 'model.safetensors');
	await writeSafetensors(file, [floats('weight', [1], [1])]);
	const before = await readFile(file);
	await expect(writeSafetensors(file, [floats('weight', [3], [1, 2])])).rejects.toThrow('weight (F32 [3]) came with 8 bytes instead of 12');
	await expect(writeSafetensors(file, [floats('same', [1], [1]), floats('same', [1], [2])])).rejects.toThrow('the key "same" twice');
	expect(await readFile(file)).toEqual(before);
	expect(await readdir(folder)).toEqual(['model.safetensors']);
});

test('a whole file is replaced at once, with no other file left behind', async () => {
	const file = path.join(folder, 'run.json');
	await atomicWriteFile(file, 'first');
	await atomicWriteFile(file, 'second');
	expect(await readFile(file, 'utf8')).toBe('second');
	expect(await readdir(folder)).toEqual(['run.json']);
});

test('a place that cannot be written is explained', async () => {
	await expect(atomicWriteFile(path.join(folder, 'missing', 'run.json'), '')).rejects.toThrow(/Cannot write .*run\.json: it does not exist/);
});

test.each([
	['a repeated key, written with an escape', '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\\u0061":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 'the key "a" twice'],
	['a repeated field', '{"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 'the key "dtype" twice'],
	['a dimension written as 1.0', '{"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}', 'the number "1.0"'],
	['an offset written as 1e0', '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1e0]}}', 'the number "1e0"'],
	['an eight-bit float', '{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}', 'tensor "a" has the data type "F8_E4M3"; expected one of'],
	['a list for an entry', '{"a":[]}', 'tensor "a" is [], not an object'],
	['a shape too deep for the stack', `{"a":{"dtype":"U8","shape":${'['.repeat(1e5)}${']'.repeat(1e5)},"data_offsets":[0,1]}}`, 'tensor "a" has the shape nested too deep to be shown'],
	['a byte order mark', '\uFEFF{}', 'does not begin with "{"'],
	['a cut end', '{"a":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}}', 'it is cut off'],
])('%s is refused with its place', async (_, header, message) => {
	const file = await withHeader(header, 1);
	await expect(openSafetensors(file)).rejects.toThrow(WeightsError);
	await expect(openSafetensors(file)).rejects.toThrow(file);
	await expect(openSafetensors(file)).rejects.toThrow(message);
});

test('quotes, braces and colons inside names and metadata are only text', async () => {
	const file = await withHeader('{"__metadata__":{"x":"\\"a\\":1.5 {"},"\\"a\\":{":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 1);
	const opened = await openSafetensors(file);
	expect([...opened.tensors.keys()]).toEqual(['"a":{']);
	await opened.close();
});

test.each([
	['a ZIP archive of torch.save', Buffer.from('504b0304000008080000', 'hex')],
	['a bare pickle', Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex')],
])('%s is refused with the reason and the way to convert it', async (_, contents) => {
	const file = path.join(folder, 'model.ckpt');
	await writeFile(file, contents);
	const error = await openSafetensors(file).then(
		() => undefined,
		(reason: unknown) => reason,
	);
	expect(error).toBeInstanceOf(WeightsError);
	expect((error as WeightsError).message).toContain('is a Python pickle. Opening a pickle runs the program inside it');
	expect((error as WeightsError).action).toContain(`${folder}/model.safetensors`);
});

test('a header whose length looks like a pickle is read all the same', async () => {
	const header = '{}'.padEnd(0x01_02_80, ' ');
	const opened = await openSafetensors(await withHeader(header, 0));
	expect(opened.tensors.size).toBe(0);
	await opened.close();
});

test('a missing file, a missing tensor and a wrong type are named', async () => {
	await expect(openSafetensors(path.join(folder, 'none.safetensors'))).rejects.toThrow(/Cannot open .*none\.safetensors: it does not exist/);
	const file = await withHeader('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 1);
	const opened = await openSafetensors(file);
	await expect(opened.readFloat32('b')).rejects.toThrow(`${file} has no tensor b`);
	await expect(opened.readFloat32('a')).rejects.toThrow(`${file}: tensor a has the data type U8`);
	await opened.close();
});

test('tensors beyond 4 GiB are read at their own place', async () => {
	const begin = 2 ** 32 + 64;
	const file = path.join(folder, 'sparse.safetensors');
	const header = JSON.stringify({big: {dtype: 'U8', shape: [begin], data_offsets: [0, begin]}, last: {dtype: 'F32', shape: [1], data_offsets: [begin, begin + 4]}});
	const handle = await open(file, 'w');
	const length = Buffer.alloc(8);
	length.writeBigUInt64LE(BigInt(header.length));
	await handle.write(Buffer.concat([length, Buffer.from(header)]), 0);
	// Written at the far end only: the file takes no room on the disk.
	await handle.write(new Uint8Array(Float32Array.of(42.5).buffer), 0, 4, 8 + header.length + begin);
	await handle.close();
	const opened = await openSafetensors(file);
	expect([...(await opened.readFloat32('last'))]).toEqual([42.5]);
	await opened.close();
});
