import {useRef, useState} from 'react';
import {reduceTextLine, textLine, type TextLine, type TextLineAction} from './text-line.ts';

/** An edited line. `apply` returns the line after the action at once: several keys may come before the next rendering. */
export function useTextLine(initial: string): {readonly line: TextLine; readonly apply: (action: TextLineAction) => TextLine} {
	const [line, setLine] = useState(() => textLine(initial));
	const latest = useRef(line);
	return {
		line,
		apply(action) {
			latest.current = reduceTextLine(latest.current, action);
			setLine(latest.current);
			return latest.current;
		},
	};
}
