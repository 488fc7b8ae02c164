/** Edits between two words: insert, delete, replace, swap two neighbours (optimal string alignment). */
export const editDistance = (a: string, b: string): number => {
	const rows: number[][] = [Array.from({length: b.length + 1}, (_, column) => column)];
	for (let i = 1; i <= a.length; i++) {
		const row = [i];
		for (let j = 1; j <= b.length; j++) {
			const replaced = rows[i - 1][j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
			row[j] = Math.min(rows[i - 1][j] + 1, row[j - 1] + 1, replaced);
			if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
				row[j] = Math.min(row[j], rows[i - 2][j - 2] + 1);
			}
		}

		rows.push(row);
	}

	return rows[a.length][b.length];
};

/** A name without case, spaces and punctuation: `Learning Rate`, `learning_rate` and `learningRate` are one. */
export const plainName = (name: string): string => name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');

/** The candidate that a mistyped word most likely means, or undefined when none is near (a third of its letters, at most 4). */
export const nearest = (word: string, candidates: readonly string[]): string | undefined => {
	const target = plainName(word);
	let best: {readonly candidate: string; readonly distance: number} | undefined;
	for (const candidate of candidates) {
		const name = plainName(candidate);
		const distance = editDistance(target, name);
		if (distance <= Math.min(4, Math.ceil(Math.max(target.length, name.length) / 3)) && distance < (best?.distance ?? Infinity)) {
			best = {candidate, distance};
		}
	}

	return best?.candidate;
};
