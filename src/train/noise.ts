import {existsSync} from 'node:fs';
import os from 'node:os';
import {Worker} from 'node:worker_threads';
import {drawNoise, type NoiseAnswer, type NoiseQuestion, type NoiseRequest} from './draw-noise.ts';
import {programFile} from './launch.ts';

/** From so many numbers on, other threads draw them: 5 ms of work here. */
const WORTH_THREADS = 2 ** 17;
/** Each draws some 25 million numbers a second. */
const MOST_THREADS = 8;

/**
 * Draws the noise of training steps. Large batches of small images, drawn by one thread, would keep a GPU waiting; so that they are drawn
 * by several while the device works on the step before. Who draws them changes no number.
 */
export class NoiseSource {
	#threads: Worker[] = [];
	readonly #waiting = new Map<number, {resolve(drawn: Float32Array): void; reject(error: Error): void}>();
	#requests = 0;

	async draw({count, keys}: NoiseRequest): Promise<Float32Array> {
		if (count * keys.length < WORTH_THREADS || !this.#start()) return drawNoise({count, keys});
		const share = Math.ceil(keys.length / this.#threads.length);
		const parts = await Promise.all(this.#threads.map(async (thread, i) => this.#ask(thread, {count, keys: keys.slice(i * share, (i + 1) * share)})));
		const drawn = new Float32Array(count * keys.length);
		parts.forEach((part, i) => drawn.set(part, i * share * count));
		return drawn;
	}

	/** Ends the threads. */
	close(): void {
		for (const thread of this.#threads) void thread.terminate();
		this.#threads = [];
	}

	/** Whether there are threads; where the program is not built, there are none. */
	#start(): boolean {
		if (this.#threads.length > 0) return true;
		const program = programFile('noise');
		if (!existsSync(program)) return false;
		this.#threads = Array.from({length: Math.max(1, Math.min(MOST_THREADS, os.availableParallelism() - 1))}, () => {
			const thread = new Worker(program);
			thread.on('message', ({id, drawn}: NoiseAnswer) => {
				this.#waiting.get(id)?.resolve(drawn);
				this.#waiting.delete(id);
			});
			thread.on('error', error => {
				for (const {reject} of this.#waiting.values()) reject(error);
				this.#waiting.clear();
			});
			// A run that is done does not wait for them.
			thread.unref();
			return thread;
		});
		return true;
	}

	async #ask(thread: Worker, request: NoiseRequest): Promise<Float32Array> {
		const id = this.#requests++;
		// While its answer is awaited, the process lives.
		thread.ref();
		return new Promise<Float32Array>((resolve, reject) => {
			this.#waiting.set(id, {resolve, reject});
			thread.postMessage({id, ...request} satisfies NoiseQuestion, []);
		}).finally(() => thread.unref());
	}
}
