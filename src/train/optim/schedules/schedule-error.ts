/** A learning-rate schedule that cannot be built as asked. `action`: what the person can do about it. */
export class ScheduleError extends Error {
	override readonly name = 'ScheduleError';
	readonly action: string;

	constructor(message: string, {action}: {action: string}) {
		super(message);
		this.action = action;
	}
}
