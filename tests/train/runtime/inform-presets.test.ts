import fs from 'node:fs';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {informOfGpuSetup, trainsOnGpu, wantsGpu} from '../../../src/presets/index.ts';
import {informPresets, setupGpuRuntime} from '../../../src/train/runtime/index.ts';
import {Machine} from './machine.ts';
import {writeGpuWheels} from './wheel-file.ts';

let machine: Machine;
beforeEach(() => (machine = new Machine()));
afterEach(() => {
	informOfGpuSetup(() => false);
	machine.remove();
});

test('plans and advice count on the GPU where TensorFlow is set up for it, and only there', async () => {
	informPresets();
	expect([trainsOnGpu(), wantsGpu('auto'), wantsGpu('gpu')]).toEqual([false, false, true]);

	machine.python();
	machine.compiler();
	machine.probe(`process.send({stages: ['load', 'gpu', 'convolution', 'graph', 'xla'], ok: true, device: 'gpu'}); process.disconnect();`);
	await setupGpuRuntime(machine.gpuOptions({gpus: {state: 'none'}, cards: 0, force: true, gpuWheels: writeGpuWheels(machine.index)}));
	informPresets();
	expect([trainsOnGpu(), wantsGpu('auto'), wantsGpu('cpu')]).toEqual([true, true, false]);

	fs.rmSync(machine.gpuRuntime, {recursive: true});
	informPresets();
	expect(trainsOnGpu()).toBe(false);
});
