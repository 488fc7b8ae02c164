export interface Failure {
	/** The kind of error. */
	readonly cause: string;
	readonly message: string;
	/** What the person can do. */
	readonly action: string;
}

/** The language's own errors: nobody threw them to say something to a person. */
const unspoken: ReadonlySet<string> = new Set(['Error', 'TypeError', 'RangeError', 'ReferenceError', 'SyntaxError', 'URIError', 'EvalError', 'AggregateError', 'AssertionError', 'ZodError', '$ZodError']);

/**
 * An error in words for the person. What one of our error classes says is for the person already; any other error is a defect of ours.
 * @param next what to do when the error itself does not say it
 * @param evidence what to report a defect with
 */
export function describeFailure(error: unknown, {next, evidence}: {readonly next: string; readonly evidence: string}): Failure {
	const {name, message} = error instanceof Error ? error : new Error(String(error));
	if (error instanceof Error && 'action' in error && typeof error.action === 'string') {
		return {cause: name, message, action: error.action};
	}

	return unspoken.has(name)
		? {cause: 'defect', message, action: `This is a defect of dreambooth. Please report it with ${evidence}.`}
		: {cause: name, message, action: next};
}
