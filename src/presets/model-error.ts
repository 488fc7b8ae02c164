/** A base model that cannot be used, what is wrong with it and what cures it. */
export class BaseModelError extends Error {
	override readonly name = 'BaseModelError';

	constructor(
		readonly fault: string,
		readonly cure: string,
	) {
		super(`${fault} ${cure}`);
	}
}
