import {describe, expect, it} from 'vitest';
import {applyCoreUse, coreUse, cutIntoLanes} from '../../src/train/lanes.ts';

describe('how a CPU is used', () => {
	it('gives every core rows of its own where the model is small, and every operation all cores where it is large', () => {
		expect(coreUse({blockOutChannels: [64, 128, 192, 192]}, 16 * 16, 4)).toEqual({lanes: 4, operationThreads: 1, concurrentOperations: 4});
		expect(coreUse({blockOutChannels: [320, 640, 1280, 1280]}, 32 * 32, 4)).toMatchObject({lanes: 1, operationThreads: 4});
	});

	it('leaves alone what the person has set', () => {
		const environment = {TF_NUM_INTRAOP_THREADS: '3'};
		applyCoreUse({lanes: 4, operationThreads: 1, concurrentOperations: 4}, environment);
		expect(environment).toEqual({TF_NUM_INTRAOP_THREADS: '3', TF_NUM_INTEROP_THREADS: '4'});
	});

	it.each([[8, 4], [5, 4], [3, 4], [1, 4], [7, 1], [10, 3]])('cuts %i rows into at most %i lanes that cover each row once', (rows, count) => {
		const lanes = cutIntoLanes(rows, count);
		expect(lanes.flatMap(({begin, rows}) => Array.from({length: rows}, (_, i) => begin + i))).toEqual(Array.from({length: rows}, (_, i) => i));
		expect(lanes.length).toBeLessThanOrEqual(count);
		const sizes = lanes.map(lane => lane.rows);
		expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
	});
});
