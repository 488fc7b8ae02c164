import {useEffect, useState} from 'react';
import type {CheckLine, PathCheck} from './form-context.ts';

/** After this long without a key a typed path is looked at: opening a folder of photos at each letter would be slow on a network disk. */
const REST_MS = 200;

/** What the check says about a path; while it is at work the lines of the path before are kept away. `restMs` 0: at once. */
export function useCheck(check: PathCheck | undefined, path: string, {restMs = REST_MS}: {readonly restMs?: number} = {}): readonly CheckLine[] {
	const [found, setFound] = useState<{readonly path: string; readonly lines: readonly CheckLine[]}>();
	useEffect(() => {
		if (check === undefined || path === '') {
			return;
		}

		let isWanted = true;
		const timer = setTimeout(() => {
			void check(path).then(lines => {
				if (isWanted) {
					setFound({path, lines});
				}
			});
		}, restMs);
		return () => {
			isWanted = false;
			clearTimeout(timer);
		};
	}, [check, path, restMs]);
	return found?.path === path ? found.lines : [];
}
