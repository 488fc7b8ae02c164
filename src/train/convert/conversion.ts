import type {FloatType, LoraLayout, SaveReport} from '../weights/index.ts';

/** What is to be made of what. */
export interface Conversion {
	/** A model (a diffusers folder, a single file, the word demo) or a LoRA file, or the folder of one. */
	readonly source: string;
	/** A file when it ends with .safetensors, else a diffusers folder. It must not exist. */
	readonly target: string;
	/** Absent: what the source has. */
	readonly dtype?: FloatType;
	/** Of a model: another autoencoder, which becomes part of it. */
	readonly vae?: string;
	/** Of a single file: the average of its weights. */
	readonly ema?: boolean;
	/** Of a single file: a diffusers folder with its configs and tokenizer. */
	readonly like?: string;
	/** Of a LoRA; absent: the other one than the source has. */
	readonly layout?: LoraLayout;
	/** Of a LoRA whose file does not tell it. */
	readonly alpha?: number;
}

/** What was made, and what is to be said about it. */
export interface Made extends SaveReport {
	/** A file, or the folder. */
	readonly written: string;
	/** As in "a single file (fp16)". */
	readonly form: 'single file' | 'diffusers folder' | 'LoRA in kohya\'s names' | 'LoRA in diffusers\' names';
	/** One per network or module: the types that the numbers have now. */
	readonly dtypes: readonly FloatType[];
	readonly warnings: readonly string[];
}
