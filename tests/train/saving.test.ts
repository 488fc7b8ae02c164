import fs from 'node:fs';
import path from 'node:path';
import {afterAll, describe, expect, it} from 'vitest';
import {placeCopy} from '../../src/train/place-copy.ts';
import {changed, filesIn, newFolder, removeFolders, smallConfig, tensorsOf, trainingRun} from './training-run.ts';

afterAll(removeFolders);

describe('what a run leaves', () => {
	it('is the model of every checkpoint when asked for, and a copy of the last where the person wants it', async () => {
		const models = newFolder();
		fs.writeFileSync(path.join(models, 'demo-robot.safetensors'), 'made by a person');
		const run = await trainingRun(smallConfig({maxSteps: 2, saveModelDuring: true, outputFolder: models}));
		expect(filesIn(path.join(run.folder, 'output')).filter(name => !name.includes('/'))).toEqual(['demo-robot', 'demo-robot.safetensors', 'demo-robot_1', 'demo-robot_1.safetensors']);
		const at = (name: string) => tensorsOf(path.join(run.folder, 'output', name, 'unet', 'diffusion_pytorch_model.safetensors'));
		expect(changed(await at('demo-robot_1'), await run.tensors(1, 'unet.safetensors'))).toEqual([]);
		expect(changed(await at('demo-robot'), await run.tensors(2, 'unet.safetensors'))).toEqual([]);

		expect(fs.readFileSync(path.join(models, 'demo-robot.safetensors'), 'utf8')).toBe('made by a person');
		expect(fs.readFileSync(path.join(models, 'demo-robot-2.safetensors')).equals(fs.readFileSync(path.join(run.folder, 'output', 'demo-robot.safetensors')))).toBe(true);
		expect(filesIn(models)).toEqual(['demo-robot-2.safetensors', 'demo-robot.safetensors']);
		expect(run.said('log').map(({message}) => message)).toContain(`A copy of the result is at ${path.join(models, 'demo-robot-2.safetensors')}`);
	});

	it('is there also when the copy fails', async () => {
		const folder = newFolder();
		const blocked = path.join(folder, 'file');
		fs.writeFileSync(blocked, 'not a folder');
		const source = path.join(folder, 'model.safetensors');
		fs.writeFileSync(source, 'weights');
		await expect(placeCopy(source, path.join(blocked, 'inside'), 7)).rejects.toThrow(/could not be copied/);
		await expect(placeCopy(source, path.join(folder, 'new'), 2 ** 60)).rejects.toThrow(/The copy of model\.safetensors/);
		expect(filesIn(folder)).toEqual(['file', 'model.safetensors', 'new']);
		expect(await placeCopy(source, path.join(folder, 'new'), 7)).toBe(path.join(folder, 'new', 'model.safetensors'));
	});
});
