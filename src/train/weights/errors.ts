/**
 * A model or weight file that cannot be used as it is. `message` says what is wrong and where (file, key, expected,
 * found), `action` what the person can do about it.
 */
export class WeightsError extends Error {
	override readonly name = 'WeightsError';
	readonly action: string;

	constructor(message: string, {action, cause}: {action: string; cause?: unknown}) {
		super(message, {cause});
		this.action = action;
	}
}
