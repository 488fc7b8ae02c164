/** Something about a config that a person should know: what is wrong and the change that cures it. */
export interface Problem {
	/** block: training does not start. warn: it does. adjust: the value was changed, the message says to what. */
	readonly level: 'block' | 'warn' | 'adjust';
	/** The key in the config, such as `batchSize` or `concepts.0.classPrompt`; empty for the whole file. */
	readonly key: string;
	readonly message: string;
	readonly cure: string;
	/** Where the key stands in its file, counted from 1. */
	readonly line?: number;
	readonly column?: number;
}

export const isBlocking = (problem: Problem): boolean => problem.level === 'block';

const marks = {block: '✗', warn: '!', adjust: '~'} as const;

/** Problems as lines for the terminal, the blocking ones first. */
export const formatProblems = (problems: readonly Problem[], options: {readonly file?: string} = {}): string =>
	[...problems]
		.sort((a, b) => Number(isBlocking(b)) - Number(isBlocking(a)))
		.map(problem => {
			const place = problem.line === undefined ? '' : `${options.file ? `${options.file}, ` : ''}line ${problem.line}, column ${problem.column}: `;
			return `${marks[problem.level]} ${place}${problem.message}\n  ${problem.cure}`;
		})
		.join('\n');
