import {useInput, type Key} from 'ink';
import {useCallback, useLayoutEffect, useRef, type RefObject} from 'react';

/**
 * Ink's useInput with a listener that stays the same. Ink puts a new handler in place only after a pause, so several keys that arrive
 * together would all meet the state before the first; and a listener that stays keeps its turn: parents that listen before their
 * children do so for every key.
 */
export function useLatestInput(handler: (input: string, key: Key) => void, {isActive = true}: {isActive?: boolean} = {}): void {
	const latest = useLatest(handler);
	useInput(useCallback((input: string, key: Key) => latest.current(input, key), [latest]), {isActive});
}

/** What was passed in the last rendering, for callbacks that stay the same. */
export function useLatest<Value>(value: Value): RefObject<Value> {
	const latest = useRef(value);
	useLayoutEffect(() => {
		latest.current = value;
	});
	return latest;
}
