import {dreambooth} from './dreambooth.ts';

/** The picture that both sides make. */
export const picture = {prompt: 'a photo of sks robot', seed: 7, size: 128, steps: 20, guidance: 5};

/** Of 255. Files in f16, arithmetic in f32 on both sides. */
export const MOST_DIFFERENCE = 2;

/** Has dreambooth make it with a model, and a LoRA if there is one. */
export function madeBy({model, lora}: {model: string; lora?: string}, out: string): void {
	const {prompt, seed, size, steps, guidance} = picture;
	dreambooth('sample', '--model', model, ...(lora === undefined ? [] : ['--lora', lora]), '--prompt', prompt, '--seed', String(seed), '--size', String(size), '--steps', String(steps), '--guidance', String(guidance), '--sampler', 'ddim', '--out', out);
}
