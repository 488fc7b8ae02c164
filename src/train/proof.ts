import type {TrainingConfig} from '../presets/index.ts';
import {loraHosts} from './models/index.ts';
import {declareNetworks, type StableDiffusion} from './stable-diffusion.ts';
import {openLora, openSingleFile} from './weights/index.ts';

/** By the number format of the file. */
const limits = {f32: 0.25, f16: 1, bf16: 4} as const;

/** Where bf16 computes, the smallest change of a weight moves many roundings. */
const BF16_LIMIT = 6;

/**
 * The largest mean difference of two pictures, in 8-bit colours, that rounding the weights explains. Computed in f32, the demo's model
 * differs by 0 from its file in f32, by 0.07 in f16, by 0.3 in bf16; a single bit that is wrong makes it 2, a missing layer up to 34.
 * Computed in bf16, it differs by 0.6 to 2.7 from its file in f16. A larger model with more steps strays further, and a GPU need not
 * repeat itself to the bit.
 */
export const proofLimit = ({precision, outputPrecision}: Pick<TrainingConfig, 'precision' | 'outputPrecision'>): number =>
	outputPrecision === 'f32' ? limits.f32 : Math.max(limits[outputPrecision], precision === 'bf16' ? BF16_LIMIT : 0);

export interface PictureDifference {
	/** 0 ... 255. */
	readonly max: number;
	readonly mean: number;
}

/** Between two pictures of the same size. */
export function pictureDifference(a: Uint8Array, b: Uint8Array): PictureDifference {
	let [max, sum] = [0, 0];
	for (let i = 0; i < a.length; i++) {
		const difference = Math.abs(a[i] - b[i]);
		max = Math.max(max, difference);
		sum += difference;
	}
	return {max, mean: sum / a.length};
}

/**
 * Reads what a run has written, and nothing that it has in memory, into the place of its weights: a single file's three networks, or
 * the base model's files and the adapters of a LoRA.
 * @throws WeightsError when the file cannot be read, or lacks a tensor
 */
export async function loadWritten(model: Pick<StableDiffusion, 'folder' | 'unet' | 'textEncoder' | 'vae' | 'adapters'>, file: string, {training}: Pick<TrainingConfig, 'training'>): Promise<void> {
	if (training === 'full') {
		const written = await openSingleFile(file, model.folder);
		try {
			for (const network of ['unet', 'textEncoder', 'vae'] as const) await model[network].restore(written[network]);
		} finally {
			await written.close();
		}
		return;
	}

	for (const network of ['unet', 'textEncoder'] as const) await model[network].restore(model.folder[network]);
	const written = await openLora(file, loraHosts(declareNetworks(model.folder)));
	try {
		for (const adapters of Object.values(model.adapters)) {
			// What the file lacks is not there.
			await adapters.clear();
			await adapters.restore(written.modules);
		}
	} finally {
		await written.close();
	}
}
