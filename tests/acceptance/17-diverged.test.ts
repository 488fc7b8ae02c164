import path from 'node:path';
import {afterAll, expect, it} from 'vitest';
import type {TrainerEvent} from '../../src/train/session.ts';
import {filesIn, newFolder, removeFolders, smallConfig, tensorsOf, trainingRun} from '../train/training-run.ts';

afterAll(removeFolders);

it('17. NaN never overwrites weights', async () => {
	const events: TrainerEvent[] = [];
	const folder = newFolder();
	// Steps of this size throw the weights out of the range of 32-bit floats.
	const config = smallConfig({maxSteps: 12, learningRate: 1, adamEpsilon: 1e-30, gradientClip: 0, weightDecay: 0, batchSize: 5, scaleLearningRate: true});
	await expect(trainingRun(config, {folder, onEvent: event => events.push(event)})).rejects.toThrow('no longer a number');
	const checkpoints = events.filter(({type}) => type === 'checkpoint');
	expect(checkpoints.length).toBeGreaterThan(0);
	for (const name of filesIn(path.join(folder, 'checkpoints')).filter(name => name.endsWith('.safetensors'))) {
		const tensors = await tensorsOf(path.join(folder, 'checkpoints', name));
		expect([...tensors].filter(([, values]) => !values.every(Number.isFinite)).map(([tensor]) => tensor)).toEqual([]);
	}
	expect(filesIn(path.join(folder, 'output'))).toEqual([]);
});
