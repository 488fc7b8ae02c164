/**
 * Images or captions that cannot be used as they are. `message` says what is wrong and where, `action` what the person
 * can do about it.
 */
export class DataError extends Error {
	override readonly name = 'DataError';
	readonly action: string;

	constructor(message: string, {action, cause}: {action: string; cause?: unknown}) {
		super(message, {cause});
		this.action = action;
	}
}
