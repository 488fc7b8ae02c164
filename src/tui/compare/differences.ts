/** A setting whose values differ; undefined where a run does not have it. */
export interface Difference {
	/** `learningRate`, or of a concept `concepts.1.instancePrompt`, counted from 1. */
	readonly key: string;
	readonly values: readonly [string | undefined, string | undefined];
}

/** Every run has a name of its own; the version says nothing about what is trained. */
const LEFT_OUT: ReadonlySet<string> = new Set(['name', 'version']);

/** What differs between the configs of two runs, in the order of the first. */
export function differences(one: unknown, other: unknown): readonly Difference[] {
	const [left, right] = [flat(one), flat(other)];
	return [...new Set([...left.keys(), ...right.keys()])]
		.filter(key => !LEFT_OUT.has(key) && left.get(key) !== right.get(key))
		.map(key => ({key, values: [left.get(key), right.get(key)]}));
}

/** Every value that is no object or list of objects, as text, by its path. */
function flat(value: unknown, path = ''): Map<string, string> {
	const isList = Array.isArray(value) && value.some(each => typeof each === 'object');
	if (typeof value === 'object' && value !== null && (isList || !Array.isArray(value))) {
		return new Map(Object.entries(value).flatMap(([key, each]) => {
			const name = isList ? String(Number(key) + 1) : key;
			return [...flat(each, path === '' ? name : `${path}.${name}`)];
		}));
	}

	return new Map(value === undefined ? [] : [[path, typeof value === 'string' ? value : JSON.stringify(value)]]);
}
