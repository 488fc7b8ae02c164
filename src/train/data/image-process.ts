import sharp from 'sharp';
import {answerQuestions} from '../answer-questions.ts';
import {DataError} from './data-error.ts';
import type {ReaderAnswer, ReaderQuestion} from './image-reader.ts';
import {loadImage} from './load-image.ts';
import {lookAtImage} from './look-at-image.ts';

// A process that reads images: image-reader.ts has the other end. No image is read twice.
sharp.cache(false);
answerQuestions<ReaderQuestion, ReaderAnswer>(async question => {
	if ('look' in question) return {answer: {looks: await Promise.all(question.look.map(lookAtImage))}};
	try {
		const loaded = await Promise.all(question.load.map(async ({file, fit}) => loadImage(file, fit)));
		return {answer: {loaded}};
	} catch (error) {
		// An error of ours loses what it is on its way.
		if (error instanceof DataError) return {answer: {fault: {message: error.message, action: error.action}}};
		throw error;
	}
});
