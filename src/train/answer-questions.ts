import {parentPort} from 'node:worker_threads';

export interface Asked<Question> {
	readonly id: number;
	readonly question: Question;
}

export type Answered<Answer> = {readonly id: number} & ({readonly answer: Answer} | {readonly error: unknown});

/** What the program of a thread or a process does: workers.ts has the other end. What of a thread's answer is named in `moved` is not copied. */
export function answerQuestions<Question, Answer>(answer: (question: Question) => Promise<{answer: Answer; moved?: readonly ArrayBufferLike[]}>): void {
	const post = (answered: Answered<Answer>, moved: readonly ArrayBufferLike[]) => (parentPort ? parentPort.postMessage(answered, moved as ArrayBuffer[]) : process.send?.(answered));
	const hear = async ({id, question}: Asked<Question>) => {
		try {
			const {answer: given, moved = []} = await answer(question);
			post({id, answer: given}, moved);
		} catch (error) {
			post({id, error}, []);
		}
	};
	if (parentPort) parentPort.on('message', hear);
	else process.on('message', message => void hear(message as Asked<Question>));
}
