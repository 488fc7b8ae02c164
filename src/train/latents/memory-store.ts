import {inOneArray, type MomentsStore} from './store.ts';

/** In main memory. */
export function memoryStore(): MomentsStore {
	const kept = new Map<string, Float32Array>();
	return {
		has: async key => kept.has(key),
		async keep(key, moments) {
			kept.set(key, moments);
		},
		async of(keys) {
			const found = keys.flatMap(key => kept.get(key) ?? []);
			return found.length === keys.length ? inOneArray(found) : undefined;
		},
	};
}
