import os from 'node:os';
import {atOnce} from '../at-once.ts';
import {Workers} from '../workers.ts';
import {DataError} from './data-error.ts';
import type {FoundFile} from './files-under.ts';
import {loadImage, type ImageFit} from './load-image.ts';
import {lookAtImage, type ScannedImage, type SkippedFile} from './look-at-image.ts';

export interface ImageToLoad {
	/** Absolute. */
	readonly file: string;
	readonly fit: ImageFit;
}

export type ReaderQuestion = {readonly look: readonly FoundFile[]} | {readonly load: readonly ImageToLoad[]};
export type ReaderAnswer = {readonly looks: (ScannedImage | SkippedFile)[]} | {readonly loaded: Float32Array[]} | {readonly fault: Pick<DataError, 'message' | 'action'>};

/** From so many files on, other processes read them: each takes a tenth of a second to begin. */
const WORTH_PROCESSES = 1000;
const MOST_PROCESSES = 16;
const FILES_A_QUESTION = 32;
/** Decoding is the work of Node's own threads, four or more. */
const imagesAtOnce = Math.max(4, os.availableParallelism());

/**
 * Reads the images of large folders with other processes: of small images it is the locks of the image library, shared by all threads,
 * that take the time. Who reads them changes nothing.
 */
export class ImageReader {
	readonly #processes: Workers<ReaderQuestion, ReaderAnswer> | undefined;

	/** `files`: how many there are to read. */
	constructor(files: number) {
		if (files < WORTH_PROCESSES) return;
		this.#processes = Workers.processes('images', Math.min(MOST_PROCESSES, os.availableParallelism()), {UV_THREADPOOL_SIZE: '1', VIPS_CONCURRENCY: '1'});
	}

	/** @throws what `onLook` throws, which is awaited after each file or a few of them */
	async look(files: readonly FoundFile[], onLook?: (done: number, total: number) => Promise<void>): Promise<(ScannedImage | SkippedFile)[]> {
		let done = 0;
		const [size, most] = this.#processes ? [FILES_A_QUESTION, 2 * this.#processes.count] : [1, imagesAtOnce];
		const looks = await atOnce(inParts(files, size), most, async part => {
			const seen = this.#processes ? await askedOf(this.#processes, {look: part}, 'looks') : [await lookAtImage(part[0])];
			await onLook?.((done += part.length), files.length);
			return seen;
		});
		return looks.flat();
	}

	/** @throws DataError for a file that cannot be read */
	async load(images: readonly ImageToLoad[]): Promise<Float32Array[]> {
		const processes = this.#processes;
		if (!processes) return Promise.all(images.map(async ({file, fit}) => loadImage(file, fit)));
		const parts = inParts(images, Math.ceil(images.length / processes.count));
		return (await Promise.all(parts.map(async part => askedOf(processes, {load: part}, 'loaded')))).flat();
	}

	/** Ends the processes. */
	close(): void {
		this.#processes?.close();
	}
}

async function askedOf<K extends 'looks' | 'loaded'>(processes: Workers<ReaderQuestion, ReaderAnswer>, question: ReaderQuestion, key: K): Promise<Extract<ReaderAnswer, Record<K, unknown>>[K]> {
	const answer = await processes.ask(question);
	if ('fault' in answer) throw new DataError(answer.fault.message, answer.fault);
	return (answer as Extract<ReaderAnswer, Record<K, unknown>>)[key];
}

const inParts = <T>(all: readonly T[], size: number): T[][] => Array.from({length: Math.ceil(all.length / size)}, (_, i) => all.slice(i * size, (i + 1) * size));
