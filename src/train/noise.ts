import os from 'node:os';
import {drawNoise, type NoiseRequest} from './draw-noise.ts';
import {Workers} from './workers.ts';

/** From so many numbers on, other threads draw them: 5 ms of work here. */
const WORTH_THREADS = 2 ** 17;
/** Each draws some 25 million numbers a second. */
const MOST_THREADS = 8;

/**
 * Draws the noise of training steps. Large batches of small images, drawn by one thread, would keep a GPU waiting; so that they are drawn
 * by several while the device works on the step before. Who draws them changes no number.
 */
export class NoiseSource {
	#threads: Workers<NoiseRequest, Float32Array> | undefined;

	async draw({count, keys}: NoiseRequest): Promise<Float32Array> {
		if (count * keys.length < WORTH_THREADS) return drawNoise({count, keys});
		const threads = (this.#threads ??= Workers.threads('noise', Math.max(1, Math.min(MOST_THREADS, os.availableParallelism() - 1))));
		if (!threads) return drawNoise({count, keys});
		const share = Math.ceil(keys.length / threads.count);
		const parts = await Promise.all(Array.from({length: threads.count}, async (_, i) => threads.ask({count, keys: keys.slice(i * share, (i + 1) * share)})));
		const drawn = new Float32Array(count * keys.length);
		parts.forEach((part, i) => drawn.set(part, i * share * count));
		return drawn;
	}

	/** Ends the threads. */
	close(): void {
		this.#threads?.close();
		this.#threads = undefined;
	}
}
