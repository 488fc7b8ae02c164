import {Box, Text} from 'ink';
import {useState} from 'react';
import {useKeys, type KeyBinding} from './keys.ts';
import {Page, wrapText, type Area} from './page.tsx';

interface TextPageContext {
	readonly hidden: number;
	readonly offset: number;
	readonly scroll: (by: number) => void;
	readonly rows: number;
	readonly close: () => void;
}

const isLong = ({hidden}: TextPageContext): boolean => hidden > 0;

const textPageKeys: readonly KeyBinding<TextPageContext>[] = [
	{keys: ['down', 'j'], label: 'more', help: 'A row down.', when: isLong, why: ({offset, hidden}) => offset < hidden ? undefined : 'This is the end.', run: ({scroll}) => scroll(1)},
	{keys: ['up', 'k'], label: '', help: 'A row up.', when: isLong, run: ({scroll}) => scroll(-1)},
	{keys: ['pagedown', 'space'], label: '', help: 'A page down.', when: isLong, run: ({scroll, rows}) => scroll(rows - 1)},
	{keys: ['pageup'], label: '', help: 'A page up.', when: isLong, run: ({scroll, rows}) => scroll(1 - rows)},
	{keys: ['esc', 'q', '?', 'enter', 'left', 'ctrl+c'], label: 'back', help: 'Back.', run: ({close}) => close()},
];

/** A text to read, such as what a setting does. */
export function TextPage({title, text, area, onClose}: {title: string; text: string; area: Area; onClose: () => void}) {
	const [offset, setOffset] = useState(0);
	const lines = text.split('\n').flatMap(line => wrapText(line, area.columns));
	const rows = area.rows - 3;
	const hidden = Math.max(0, lines.length - rows);
	const context: TextPageContext = {
		hidden, rows, close: onClose, offset: Math.min(offset, hidden), scroll: by => setOffset(Math.max(0, Math.min(hidden, offset + by))),
	};
	useKeys(textPageKeys, context);
	return (
		<Page title={title} area={area} notices={[]} bindings={textPageKeys} context={context}>
			{() => <Box flexDirection="column">{lines.slice(context.offset, context.offset + rows).map((line, index) => <Text key={index}>{line === '' ? ' ' : line}</Text>)}</Box>}
		</Page>
	);
}
