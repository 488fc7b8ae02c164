import type {StableDiffusion} from './stable-diffusion.ts';

/** As many bytes of prompts are kept: about a thousand of SD 1.5's states. */
const BYTES_KEPT = 256 * 2 ** 20;

/**
 * What the training step is given of each prompt: its tokens where the text encoder is trained, otherwise its text states, which the
 * text encoder computes once. Those that were used last are kept.
 */
export class PromptCache {
	/** In the order of their last use. */
	readonly #kept = new Map<string, Int32Array | Float32Array>();
	#bytes = 0;

	constructor(
		private readonly model: Pick<StableDiffusion, 'tokens' | 'encodePrompts'>,
		private readonly options: {readonly trainsTextEncoder: boolean; readonly chunks: number; readonly bytes?: number},
	) {}

	/** Reads them all now, so that the text encoder is not needed any more, if there is room for them; whether there was. */
	holdAll(prompts: readonly string[]): boolean {
		const {bytes = BYTES_KEPT} = this.options;
		if (prompts.length === 0 || prompts.length * this.of(prompts[0]).byteLength > bytes) return false;
		for (const prompt of prompts) this.of(prompt);
		return true;
	}

	/** tokens [chunks, 77] or states [1, tokens, width] */
	of(prompt: string): Int32Array | Float32Array {
		const found = this.#kept.get(prompt);
		const values = found ?? this.#read(prompt);
		// Set again to be the last used.
		this.#kept.delete(prompt);
		this.#kept.set(prompt, values);
		if (!found) this.#makeRoom(values.byteLength);
		return values;
	}

	#read(prompt: string): Int32Array | Float32Array {
		const {trainsTextEncoder, chunks} = this.options;
		return trainsTextEncoder ? this.model.tokens(prompt, chunks) : this.model.encodePrompts([prompt], chunks);
	}

	#makeRoom(added: number): void {
		const {bytes = BYTES_KEPT} = this.options;
		this.#bytes += added;
		for (const [prompt, {byteLength}] of this.#kept) {
			if (this.#bytes <= bytes || this.#kept.size === 1) return;
			this.#kept.delete(prompt);
			this.#bytes -= byteLength;
		}
	}
}
