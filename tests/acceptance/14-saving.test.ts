import fs from 'node:fs';
import path from 'node:path';
import {afterAll, describe, expect, it} from 'vitest';
import {loadCheckpoint, saveCheckpoint} from '../../src/train/checkpoint.ts';
import type {TrainedState} from '../../src/train/trained-state.ts';
import {filesIn, newFolder, removeFolders} from '../train/training-run.ts';

afterAll(removeFolders);

/** As many networks of the size as a checkpoint has, each value the given one; `onRead` is told of each tensor that is read. */
function stateOf(value: number, onRead: (name: string, values: Float32Array) => void = () => {}) {
	const restored = new Map<string, Float32Array>();
	const names = Array.from({length: 6}, (_, i) => `layer.${i}.weight`);
	const set = {
		bytes: names.length * 4096 * 4,
		stored: () => names.map(name => ({name, shape: [4096], read() {
			const values = new Float32Array(4096).fill(value);
			onRead(name, values);
			return values;
		}})),
		restore: async (source: {readFloat32(name: string): Promise<Float32Array> | Float32Array}) => {
			for (const name of names) restored.set(name, await source.readFloat32(name));
		},
		dispose() {},
	};
	const state = {files: () => new Map([['unet.safetensors', [{parameters: set, prefix: ''}]]]), checkpointBytes: set.bytes} as unknown as TrainedState;
	return {state, restored};
}

const position = (step: number) => ({version: 1, step, fingerprint: 'same'} as const);

describe('14. saving', () => {
	it('takes one tensor at a time from the device, so it needs no memory that training does not leave', async () => {
		const folder = newFolder();
		const order: string[] = [];
		const {state} = stateOf(1, name => order.push(`read ${name}, ${fs.readdirSync(path.join(folder, 'step-000001.partial')).length} file`));
		await saveCheckpoint(folder, state, position(1), {keep: 2});
		// Each is read when its turn comes, while the file is already being written.
		expect(order).toEqual(Array.from({length: 6}, (_, i) => `read layer.${i}.weight, 1 file`));
	});

	it('that is cut off at any tensor leaves the checkpoint before it as it was, and the next one succeeds', async () => {
		const folder = newFolder();
		await saveCheckpoint(folder, stateOf(1).state, position(1), {keep: 1});
		const before = fs.readFileSync(path.join(folder, 'step-000001', 'unet.safetensors'));
		for (let cut = 0; cut < 6; cut++) {
			const {state} = stateOf(2, name => {
				if (name === `layer.${cut}.weight`) throw new Error('the plug is pulled');
			});
			await expect(saveCheckpoint(folder, state, position(2), {keep: 1})).rejects.toThrow('the plug is pulled');
			expect(fs.readFileSync(path.join(folder, 'step-000001', 'unet.safetensors')).equals(before)).toBe(true);
			expect(fs.readdirSync(folder).filter(name => /^step-\d+$/.test(name))).toEqual(['step-000001']);
			const {state: read, restored} = stateOf(0);
			await loadCheckpoint(path.join(folder, 'step-000001'), read, 'same');
			expect([...restored.values()].every(values => values.every(value => value === 1))).toBe(true);
		}
		await saveCheckpoint(folder, stateOf(2).state, position(2), {keep: 1});
		expect(filesIn(folder)).toEqual(['step-000002', 'step-000002/position.json', 'step-000002/unet.safetensors']);
	});

	it('without room on the disk is refused before anything is written', async () => {
		const folder = newFolder();
		const {state} = stateOf(1);
		Object.assign(state, {checkpointBytes: 2 ** 60});
		await expect(saveCheckpoint(folder, state, position(1), {keep: 1})).rejects.toThrow(/The checkpoint of step 1/);
		expect(fs.readdirSync(folder)).toEqual([]);
	});
});
