import {useState} from 'react';
import {useKeys, type KeyBinding} from '../keys.ts';
import {listKeys, type ListContext} from '../list.tsx';
import {Menu, type MenuItem} from '../menu.tsx';
import {Page} from '../page.tsx';
import {backKeys, type StepKeyContext, type StepProps} from './step-context.ts';

interface ChoiceContext extends StepKeyContext, ListContext {
	readonly choose: (index: number) => void;
}

const digitKey = (index: number): KeyBinding<ChoiceContext> => ({keys: [String(index + 1)], label: '', help: 'Takes this one.', when: ({count}) => index < count, run: ({choose}) => choose(index)});

const choiceKeys: readonly KeyBinding<ChoiceContext>[] = [
	{keys: ['enter', 'right', 'space'], label: 'take', help: 'Takes the one under the cursor and goes on.', run: ({choose, cursor}) => choose(cursor)},
	{keys: ['tab'], label: '', help: 'The row below.', run: ({moveTo, cursor, count}) => moveTo((cursor + 1) % count)},
	{keys: ['shift+tab'], label: '', help: 'The row above.', run: ({moveTo, cursor, count}) => moveTo((cursor - 1 + count) % count)},
	...Array.from({length: 9}, (_, index) => digitKey(index)),
	...listKeys,
	...backKeys,
];

/** A step that is one question. */
export function ChoiceStep<Key extends string>({step, place, area, notices, items, chosen, onChoose, next, back, explain, interrupt}: StepProps & {
	items: readonly MenuItem<Key>[];
	chosen: Key;
	/** Goes on, too. */
	onChoose: (key: Key) => void;
}) {
	const [cursor, setCursor] = useState(Math.max(0, items.findIndex(({key}) => key === chosen)));
	const context: ChoiceContext = {
		next, back, interrupt, cursor, count: items.length, page: items.length, moveTo: setCursor, explainCursor: explain,
		choose(index) {
			setCursor(index);
			onChoose(items[index]!.key);
		},
	};
	useKeys(choiceKeys, context);
	return (
		<Page title={step.title} place={place} area={area} notices={notices} bindings={choiceKeys} context={context}>
			{({columns}) => <Menu items={items} cursor={cursor} columns={columns}/>}
		</Page>
	);
}
