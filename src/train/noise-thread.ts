import {answerQuestions} from './answer-questions.ts';
import {drawNoise, type NoiseRequest} from './draw-noise.ts';

// A thread that draws noise for a training step: src/train/noise.ts has the other end.
answerQuestions<NoiseRequest, Float32Array>(async request => {
	const answer = drawNoise(request);
	return {answer, moved: [answer.buffer]};
});
