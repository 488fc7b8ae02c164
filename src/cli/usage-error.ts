/** What the person typed, or the config or preset that it names, cannot be followed. */
export class UsageError extends Error {
	readonly action: string;

	constructor(message: string, action: string) {
		super(message);
		this.name = 'UsageError';
		this.action = action;
	}
}
