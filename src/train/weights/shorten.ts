/** A value of a file for a message, at most 120 characters of JSON. */
export function shorten(json: unknown): string {
	try {
		const text = JSON.stringify(json) ?? 'missing';
		return text.length > 120 ? `${text.slice(0, 117)}...` : text;
	} catch {
		// JSON.parse reads what JSON.stringify cannot write for want of stack.
		return 'nested too deep to be shown';
	}
}
