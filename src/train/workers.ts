import {fork} from 'node:child_process';
import {existsSync} from 'node:fs';
import {Worker} from 'node:worker_threads';
import type {Answered, Asked} from './answer-questions.ts';
import {programFile, type Program} from './launch.ts';

/** A thread or a process, as far as they are alike here. */
interface Hands<Question, Answer> {
	post(asked: Asked<Question>): void;
	hear(answered: (answered: Answered<Answer>) => void, failed: (error: Error) => void): void;
	/** Whether our process lives for as long as it does. */
	hold(alive: boolean): void;
	end(): void;
}

interface Place<Question, Answer> {
	readonly hands: Hands<Question, Answer>;
	/** Questions that are not answered yet. */
	open: number;
}

/** Threads or processes that run one of our programs and answer questions, each asked the one that has the fewest. */
export class Workers<Question, Answer> {
	readonly #places: readonly Place<Question, Answer>[];
	readonly #waiting = new Map<number, {resolve(answer: Answer): void; reject(error: unknown): void}>();
	#questions = 0;

	private constructor(hands: readonly Hands<Question, Answer>[]) {
		this.#places = hands.map(each => ({hands: each, open: 0}));
		for (const each of hands) {
			each.hear(answered => {
				const waiting = this.#waiting.get(answered.id);
				this.#waiting.delete(answered.id);
				if ('error' in answered) waiting?.reject(answered.error);
				else waiting?.resolve(answered.answer);
			}, error => {
				for (const {reject} of this.#waiting.values()) reject(error);
				this.#waiting.clear();
			});
			each.hold(false);
		}
	}

	/** Share our memory: what is moved to or from them is not copied. Undefined where the program is not built. */
	static threads<Question, Answer>(program: Program, count: number): Workers<Question, Answer> | undefined {
		return start(program, file => new Workers(Array.from({length: count}, () => thread<Question, Answer>(file))));
	}

	/** For libraries whose threads wait for one another. Undefined where the program is not built. */
	static processes<Question, Answer>(program: Program, count: number, environment: NodeJS.ProcessEnv): Workers<Question, Answer> | undefined {
		return start(program, file => new Workers(Array.from({length: count}, () => childProcess<Question, Answer>(file, environment))));
	}

	get count(): number {
		return this.#places.length;
	}

	/** @throws what the program throws, and when it ends; after `close` there is no answer. */
	async ask(question: Question): Promise<Answer> {
		const place = this.#places.reduce((least, each) => (each.open < least.open ? each : least));
		const id = this.#questions++;
		// While an answer is awaited, our process lives.
		if (place.open++ === 0) place.hands.hold(true);
		return new Promise<Answer>((resolve, reject) => {
			this.#waiting.set(id, {resolve, reject});
			place.hands.post({id, question});
		}).finally(() => {
			if (--place.open === 0) place.hands.hold(false);
		});
	}

	close(): void {
		this.#waiting.clear();
		for (const {hands} of this.#places) hands.end();
	}
}

const start = <T>(program: Program, make: (file: string) => T): T | undefined => {
	const file = programFile(program);
	return existsSync(file) ? make(file) : undefined;
};

function thread<Question, Answer>(file: string): Hands<Question, Answer> {
	const worker = new Worker(file);
	return {
		post: asked => worker.postMessage(asked, []),
		hear: (answered, failed) => void worker.on('message', answered).on('error', failed),
		hold: alive => (alive ? worker.ref() : worker.unref()),
		end: () => void worker.terminate(),
	};
}

function childProcess<Question, Answer>(file: string, environment: NodeJS.ProcessEnv): Hands<Question, Answer> {
	const child = fork(file, {serialization: 'advanced', env: {...process.env, ...environment}, execArgv: []});
	return {
		post: asked => void child.send(asked),
		hear(answered, failed) {
			child.on('message', message => answered(message as unknown as Answered<Answer>)).on('error', failed);
			child.on('exit', (code, signal) => failed(new Error(`${file} ended (${signal ?? `code ${code}`}).`)));
		},
		hold(alive) {
			if (alive) {
				child.ref();
				child.channel?.ref();
			} else {
				child.unref();
				child.channel?.unref();
			}
		},
		// It ends when it hears no more.
		end: () => child.connected && child.disconnect(),
	};
}
