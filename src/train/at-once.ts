/** What `f` makes of each item, in their order, with no more than `most` of them under way: of a hundred thousand files not all can be open. */
export async function atOnce<T, R>(items: readonly T[], most: number, f: (item: T) => Promise<R>): Promise<R[]> {
	const made: R[] = [];
	const places = items.entries();
	await Promise.all(Array.from({length: Math.min(most, items.length)}, async () => {
		// The iterator is shared: each worker takes the next item that is left.
		for (const [place, item] of places) made[place] = await f(item);
	}));
	return made;
}
