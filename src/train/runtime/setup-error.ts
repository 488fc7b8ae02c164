/** The runtime could not be set up: what is wrong, and the command that cures it. */
export class SetupError extends Error {
	override name = 'SetupError';
	constructor(message: string, readonly action: string, options?: ErrorOptions) {
		super(message, options);
	}
}
