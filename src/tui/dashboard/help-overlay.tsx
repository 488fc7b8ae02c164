import {Box, Text} from 'ink';
import {useState} from 'react';
import {KeyHints} from '../key-hints.tsx';
import {keySign, useKeys, visibleBindings, type KeyBinding} from '../keys.ts';
import {useTheme} from '../theme.ts';
import type {Area} from './layout.ts';

interface HelpContext {
	readonly hidden: number;
	readonly offset: number;
	readonly scroll: (by: number) => void;
	readonly page: number;
	readonly close: () => void;
}

const isLong = ({hidden}: HelpContext): boolean => hidden > 0;

const helpKeys: readonly KeyBinding<HelpContext>[] = [
	{keys: ['down', 'j'], label: 'more', help: 'A row down.', when: isLong, why: ({offset, hidden}) => offset < hidden ? undefined : 'This is the end.', run: ({scroll}) => scroll(1)},
	{keys: ['up', 'k'], label: '', help: 'A row up.', when: isLong, run: ({scroll}) => scroll(-1)},
	{keys: ['pagedown', 'space'], label: '', help: 'A page down.', when: isLong, run: ({scroll, page}) => scroll(page)},
	{keys: ['pageup'], label: '', help: 'A page up.', when: isLong, run: ({scroll, page}) => scroll(-page)},
	{keys: ['esc', '?', 'q', 'enter', 'ctrl+c'], label: 'back', help: 'Back.', run: ({close}) => close()},
];

/** What the signs of the chart mean, and every key that means something now, from the table that also dispatches them; why one cannot act stands in place of what it does. */
export function HelpOverlay<Context>({bindings, context, area: {columns, rows}, onClose}: {bindings: readonly KeyBinding<Context>[]; context: Context; area: Area; onClose: () => void}) {
	const theme = useTheme();
	const [wanted, setWanted] = useState(0);
	const {unicode} = theme.terminal;
	const lines = visibleBindings(bindings, context).map(binding => ({
		signs: binding.keys.map(key => keySign(key, {unicode})).join(' '), help: binding.help, why: binding.why?.(context),
	}));
	// Above them what the signs mean, below them the keys of this list.
	const page = rows - 3;
	const hidden = Math.max(0, lines.length - page);
	const offset = Math.min(wanted, hidden);
	const help: HelpContext = {hidden, offset, page, close: onClose, scroll: by => setWanted(Math.max(0, Math.min(hidden, offset + by)))};
	useKeys(helpKeys, help);
	const signColumns = Math.max(...lines.map(({signs}) => signs.length)) + 2;
	return (
		<Box flexDirection="column" width={columns} height={rows}>
			<Text {...theme.dim} wrap="truncate-end">curve: dim all, bright smoothed; {unicode ? '○ validation, ● the best, ×' : 'o validation, @ the best, X'} not a number</Text>
			<Text {...theme.dim} wrap="truncate-end">below it: s sample, c checkpoint, * both, r learning rate changed</Text>
			<Box flexDirection="column" height={page}>
				{lines.slice(offset, offset + page).map(({signs, help, why}, index) => (
					<Text key={index} wrap="truncate-end">
						<Text {...theme.accent} bold>{signs.padEnd(signColumns)}</Text>
						{why === undefined ? help : <Text {...theme.dim}>not now: {why}</Text>}
					</Text>
				))}
			</Box>
			<KeyHints bindings={helpKeys} context={help} width={columns}/>
		</Box>
	);
}
