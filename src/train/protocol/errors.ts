/** Something about a run that the person can set right: `message` says what and where, `action` what to do next. */
export class RunError extends Error {
	readonly action: string;

	constructor(message: string, action: string) {
		super(message);
		this.name = new.target.name;
		this.action = action;
	}
}

/** No run has the asked-for id, prefix or name, or more than one has. */
export class RunNotFoundError extends RunError {}

/** The run folder belongs to a runner that is alive. */
export class RunBusyError extends RunError {}

/** Nobody listens: the run has ended or its runner died. */
export class RunNotRunningError extends RunError {}
