import {useFocusManager} from 'ink';
import {useCallback, useEffect, useRef, useState} from 'react';
import {keyName} from '../keys.ts';
import {useLatest, useLatestInput} from '../latest-input.ts';
import type {FormContextValue} from './form-context.ts';

/**
 * Where the cursor of a form stands: at a field, or at the button after them. Ink moves it and tells nobody, so its keys are followed
 * here. Ink begins with the cursor nowhere, and takes it away on Esc.
 */
export function useCursor({stops, first, moved}: {stops: number; first: number; moved: (at: number) => void}): Pick<FormContextValue, 'closed' | 'focusAfter'> & {opened: () => void} {
	const {focusNext} = useFocusManager();
	const at = useRef(first);
	const isOpen = useRef(false);
	const latest = useLatest(moved);
	// Ink's own list of stops is complete after the effects of the children: during an edit the button is not in it.
	const [steps, setSteps] = useState({count: first + 1});
	useEffect(() => {
		for (let count = 0; count < steps.count; count++) {
			focusNext();
		}

		latest.current(at.current);
	}, [steps, focusNext, latest]);

	const goTo = useCallback((stop: number): void => {
		at.current = stop;
		latest.current(stop);
	}, [latest]);
	useLatestInput((input, key) => {
		if (isOpen.current) {
			return;
		}

		switch (keyName(input, key)) {
			case 'down':
			case 'tab': {
				goTo((at.current + 1) % stops);
				break;
			}

			case 'up':
			case 'shift+tab': {
				goTo((at.current - 1 + stops) % stops);
				break;
			}

			case 'esc': {
				setSteps({count: at.current + 1});
				break;
			}

			default:
		}
	});
	return {
		opened: useCallback(() => {
			isOpen.current = true;
		}, []),
		closed: useCallback(() => {
			isOpen.current = false;
		}, []),
		focusAfter: useCallback(how => {
			if (how === 'cancelled') {
				setSteps({count: at.current + 1});
			} else if (how === 'saved-by-tab') {
				at.current = (at.current + 1) % stops;
				setSteps({count: 1});
			}
		}, [stops]),
	};
}
