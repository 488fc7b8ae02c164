import {openSync, readFileSync, readSync, truncateSync, writeSync, closeSync} from 'node:fs';
import path from 'node:path';
import {afterAll, describe, expect, it} from 'vitest';
import {pictureDifference, proofLimit} from '../../src/train/proof.ts';
import {changed, newFolder, removeFolders, smallConfig, trainingRun, type RunOptions, type TrainingRun} from './training-run.ts';

afterAll(removeFolders);

/** A run that proves its file; `meddle` has the file after it was written and before it is loaded again. */
async function provingRun(settings: RunOptions = {}, meddle?: (file: string) => void): Promise<TrainingRun> {
	const folder = newFolder();
	const config = smallConfig({name: 'toy', maxSteps: 2, saveEverySteps: 0, learningRate: 1e-3, loraLearningRate: 1e-3, proofExport: true, samplePrompts: ['a photo of sks robot'], sampleEverySteps: 2, ...settings});
	return trainingRun(config, {folder, onEvent(event) {
		if (event.type === 'phase' && /again/.test(event.detail ?? '')) meddle?.(path.join(folder, 'output/toy.safetensors'));
	}});
}

interface HeaderEntry {
	readonly data_offsets: readonly [number, number];
}

/** Changes the bytes of the tensors whose names fit. */
function change(file: string, names: RegExp, edit: (bytes: Buffer) => void): void {
	const handle = openSync(file, 'r+');
	const length = Buffer.alloc(8);
	readSync(handle, length, 0, 8, 0);
	const header = Buffer.alloc(Number(length.readBigUInt64LE()));
	readSync(handle, header, 0, header.length, 8);
	for (const [name, {data_offsets: [begin, end] = [0, 0]}] of Object.entries(JSON.parse(header.toString()) as Record<string, Partial<HeaderEntry>>)) {
		if (!names.test(name)) continue;
		const bytes = Buffer.alloc(end - begin);
		readSync(handle, bytes, 0, bytes.length, 8 + header.length + begin);
		edit(bytes);
		writeSync(handle, bytes, 0, bytes.length, 8 + header.length + begin);
	}
	closeSync(handle);
}

/** Of f32 values, rounded to nearest, ties to even. */
function roundToBf16(bytes: Buffer): void {
	for (let at = 0; at < bytes.length; at += 4) {
		const word = bytes.readUInt32LE(at);
		bytes.writeUInt32LE(((word + 0x7f_ff + ((word >>> 16) & 1)) & 0xff_ff_00_00) >>> 0, at);
	}
}

const proofOf = (run: TrainingRun) => {
	expect(run.said('proof')).toHaveLength(1);
	return run.said('proof')[0];
};

describe('the proof of the file that a run writes', () => {
	it('finds the run\'s last sample again, to the bit in f32', async () => {
		const run = await provingRun();
		expect(proofOf(run)).toEqual({type: 'proof', step: 2, file: 'output/toy.safetensors', maxDifference: 0, meanDifference: 0, limit: 0.25});
		expect(run.events.findIndex(({type}) => type === 'proof')).toBeGreaterThan(run.events.findLastIndex(({type}) => type === 'sample'));
		expect(run.said('warning')).toEqual([]);
	});

	it('allows for rounding in f16 and bf16, which changes colours a little', async () => {
		const half = proofOf(await provingRun({outputPrecision: 'f16', samplingSteps: 8}));
		expect(half.meanDifference).toBeLessThan(half.limit / 4);
		expect(half.limit).toBe(1);
		const brain = proofOf(await provingRun({samplingSteps: 8}, file => change(file, /^(model|first|cond).*(weight|bias)$/, roundToBf16)));
		expect(brain.meanDifference).toBeGreaterThan(0);
		expect(brain.meanDifference).toBeLessThan(1);
	});

	it('allows for more where bf16 computes, unless the file has every bit', async () => {
		const {meanDifference, limit} = proofOf(await provingRun({precision: 'bf16', outputPrecision: 'f16', samplingSteps: 8}));
		expect(meanDifference).toBeLessThan(limit);
		expect([limit, proofLimit({precision: 'bf16', outputPrecision: 'f32'}), proofLimit({precision: 'f16', outputPrecision: 'f16'})]).toEqual([6, 0.25, 1]);
	});

	it('fails when the file is not what was trained', async () => {
		const run = await provingRun({outputPrecision: 'f16', samplingSteps: 12}, file => change(file, /(input|middle)_block.*(attn2.to_v|in_layers\.2)\.weight$/, bytes => bytes.fill(0)));
		const {meanDifference, limit} = proofOf(run);
		expect(meanDifference).toBeGreaterThan(limit);
		expect(run.outcome.type).toBe('finished');
	});

	it('says when the file cannot even be read', async () => {
		const run = await provingRun({}, file => truncateSync(file, 5000));
		expect(run.said('proof')).toEqual([]);
		expect(run.said('warning').map(({message}) => message)).toEqual([expect.stringMatching(/^output\/toy\.safetensors could not be proved to be right\. .*is not a valid safetensors file/)]);
	});

	it('takes a LoRA together with its base model, and misses what is missing', async () => {
		expect(proofOf(await provingRun({training: 'lora'}))).toMatchObject({maxDifference: 0, meanDifference: 0});
		const empty = proofOf(await provingRun({training: 'lora', loraLearningRate: 0.02}, file => change(file, /lora_up/, bytes => bytes.fill(0))));
		expect(empty.meanDifference).toBeGreaterThan(empty.limit);
	});

	it('is of the average when that is what is written, also where the samples show the weights', async () => {
		expect(proofOf(await provingRun({ema: true, emaExport: true, emaPredict: false, emaSave: false}))).toMatchObject({file: 'output/toy_ema.safetensors', meanDifference: 0});
	});

	it('needs no samples', async () => {
		const run = await provingRun({sampleEverySteps: 0});
		expect(proofOf(run).meanDifference).toBe(0);
		expect(run.said('sample')).toEqual([]);
	});

	it('of models that are saved during the run changes no bit of the training', async () => {
		const settings: RunOptions = {maxSteps: 3, saveEverySteps: 1, saveModelDuring: true, outputPrecision: 'f16', trainTextEncoder: false, sampleEverySteps: 0, ema: true, emaExport: true};
		const [proving, plain] = [await provingRun(settings), await provingRun({...settings, proofExport: false})];
		expect(proving.said('proof').map(({step}) => step)).toEqual([1, 2, 3]);
		expect(plain.said('proof')).toEqual([]);
		for (const file of ['unet.safetensors', 'unet.optimizer.safetensors', 'unet.ema.safetensors']) expect(changed(await proving.tensors(3, file), await plain.tensors(3, file))).toEqual([]);
		const output = (run: TrainingRun) => readFileSync(path.join(run.folder, 'output/toy_ema/text_encoder/model.safetensors'));
		expect(output(proving).equals(output(plain))).toBe(true);
	});
});

it('the difference of two pictures is the largest and the mean of their colours\' distances', () => {
	expect(pictureDifference(Uint8Array.of(0, 255, 10, 20), Uint8Array.of(0, 250, 13, 20))).toEqual({max: 5, mean: 2});
});
