import {parentPort} from 'node:worker_threads';
import {drawNoise, type NoiseAnswer, type NoiseQuestion} from './draw-noise.ts';

// A thread that draws noise for a training step: src/train/noise.ts has the other end.
parentPort?.on('message', ({id, ...request}: NoiseQuestion) => {
	const drawn = drawNoise(request);
	parentPort?.postMessage({id, drawn} satisfies NoiseAnswer, [drawn.buffer as ArrayBuffer]);
});
