/** A noise schedule or sampler that cannot be built as asked. `action`: what the person can do about it. */
export class DiffusionError extends Error {
	override readonly name = 'DiffusionError';
	readonly action: string;

	constructor(message: string, {action}: {action: string}) {
		super(message);
		this.action = action;
	}
}
