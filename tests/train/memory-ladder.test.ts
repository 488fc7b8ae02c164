import {afterAll, describe, expect, it} from 'vitest';
import {nextRung, type Savings} from '../../src/train/memory-ladder.ts';
import {difference, removeFolders, smallConfig, tensorsOf, trainingRun} from './training-run.ts';
import {assetFolder} from '../acceptance/base.ts';

afterAll(removeFolders);

describe('when memory runs out', () => {
	it('batches become smaller first, then attention, then gradients; the images of a step stay the same', () => {
		let config = {...smallConfig({batchSize: 6, gradientAccumulation: 2, attention: 'full', gradientCheckpointing: false})};
		const climbed: Savings[] = [];
		for (let rung = nextRung(config); rung; rung = nextRung(config)) {
			climbed.push(rung.savings);
			config = {...config, ...rung.savings};
			expect(config.batchSize * config.gradientAccumulation).toBe(12);
		}
		expect(climbed).toEqual([{batchSize: 3, gradientAccumulation: 4}, {batchSize: 1, gradientAccumulation: 12}, {attention: 'chunked'}, {gradientCheckpointing: true}]);
	});

	it('a run that goes on with smaller batches from its checkpoint learns the same', async () => {
		const base = await tensorsOf(`${assetFolder}/unet/diffusion_pytorch_model.safetensors`);
		const config = smallConfig({batchSize: 4, maxSteps: 2, trainTextEncoder: false, gradientClip: 0});
		const straight = await trainingRun(config);
		const saved = {...config, ...nextRung(config)?.savings, attention: 'chunked' as const, gradientCheckpointing: true};
		const continued = await trainingRun(saved, {checkpoint: straight.checkpoint(1)});
		expect(continued.said('step').map(({step}) => step)).toEqual([2]);
		expect(continued.said('step')[0].loss).toBeCloseTo(straight.said('step')[1].loss!, 6);
		// Adam's division makes rounding visible where a gradient is nearly nothing.
		expect(difference(await continued.tensors(2, 'unet.safetensors'), await straight.tensors(2, 'unet.safetensors'), base)).toBeLessThan(0.02);
	});
});
