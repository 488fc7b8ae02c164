import {afterAll, expect, it} from 'vitest';
import {removeFolders, smallConfig, trainingRun, type RunOptions} from '../train/training-run.ts';

afterAll(removeFolders);

it('18. precision, attention, engine and device can change between runs without restarting', async () => {
	const losses = async (settings: RunOptions) => {
		const run = await trainingRun(smallConfig({maxSteps: 2, saveEverySteps: 0, trainTextEncoder: false, ...settings}));
		return run.said('step').map(({loss}) => loss!);
	};
	const reference = await losses({attention: 'full'});
	for (const settings of [{attention: 'chunked'}, {device: 'cpu'}, {gradientCheckpointing: true}, {engine: 'eager'}] as const) {
		const changed = await losses(settings);
		changed.forEach((loss, i) => expect(Math.abs(loss / reference[i] - 1)).toBeLessThan(1e-4));
	}
	const rounded = await losses({precision: 'bf16', expertOverrides: true});
	rounded.forEach((loss, i) => expect(Math.abs(loss / reference[i] - 1)).toBeLessThan(0.05));
	expect(rounded).not.toEqual(reference);
	// And back.
	expect(await losses({attention: 'full'})).toEqual(reference);
});
