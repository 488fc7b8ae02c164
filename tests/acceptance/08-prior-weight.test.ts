import {afterAll, expect, it} from 'vitest';
import {difference, newFolder, removeFolders, smallConfig, tensorsOf, trainingRun} from '../train/training-run.ts';
import {assetFolder} from './base.ts';

afterAll(removeFolders);

it('8. prior weight 0 equals training without class gradients', async () => {
	const base = await tensorsOf(`${assetFolder}/unet/diffusion_pytorch_model.safetensors`);
	const unet = async (weight: number, perInstance: number) => {
		const concept = perInstance > 0 ? {classPrompt: 'a photo of a robot', classImages, classImagesPerInstance: perInstance, classSamplingSteps: 2} : {};
		const run = await trainingRun(smallConfig({priorLossWeight: weight, concepts: [concept], maxSteps: 2}));
		return run.tensors(2, 'unet.safetensors');
	};
	const classImages = newFolder();
	const [without, weightless, weighed] = [await unet(1, 0), await unet(0, 1), await unet(1, 1)];
	expect(difference(weightless, without, base)).toBeLessThan(1e-2);
	expect(difference(weighed, without, base)).toBeGreaterThan(0.1);
});
