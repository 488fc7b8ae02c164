import {Box, Text} from 'ink';
import os from 'node:os';
import {useState, type ReactNode} from 'react';
import type {Concept} from '../../presets/index.ts';
import {CheckLines, useCheck} from '../fields/index.ts';
import {useKeys} from '../keys.ts';
import {List} from '../list.tsx';
import {Page, type Notice} from '../page.tsx';
import {Row} from '../row.tsx';
import type {PictureCache} from '../term/index.ts';
import {useTheme, type Theme} from '../theme.ts';
import {fitPath} from '../units.ts';
import {conceptKeys, removalKeys, type ConceptsContext} from './concept-keys.ts';
import type {StepProps} from './step-context.ts';
import {Thumbnails} from './thumbnails.tsx';
import {useImageCounts} from './use-schedule.ts';

const PROMPT_COLUMNS = 32;
const COUNT_COLUMNS = 11;
/** Below the list: a free row, the class images, and what there is to say of the folder. */
const CHECK_ROWS = 4;
const ABOUT_ROWS = 2 + CHECK_ROWS;

/** Several concepts, a row each, with what is known of the one under the cursor below. */
export function ConceptList({step, place, area, notices, outcome: {config: {concepts}}, checks, pictures, cursor, moveTo, open, add, remove, next, back, explain, interrupt}: StepProps & {
	pictures: PictureCache; cursor: number; moveTo: (cursor: number) => void; open: (concept: number) => void; add: () => void; remove: () => void;
}) {
	const theme = useTheme();
	const [isAsking, setIsAsking] = useState(false);
	const concept = concepts[cursor]!;
	const counts = useImageCounts(concepts.map(({instanceImages}) => instanceImages).filter(folder => folder !== ''));
	// Photos are opened when the cursor rests: who only passes by does not wait for them.
	const found = useCheck(checks.instanceImages, concept.instanceImages);
	const context: ConceptsContext = {
		next, back, interrupt, cursor, count: concepts.length, page: area.rows - ABOUT_ROWS - 3, moveTo, open, add,
		explainCursor: () => explain(),
		askRemoval: () => setIsAsking(true),
		keep: () => setIsAsking(false),
		remove() {
			setIsAsking(false);
			remove();
		},
	};
	const bindings = isAsking ? removalKeys : conceptKeys;
	useKeys(bindings, context);
	const question: Notice = {text: `Remove concept ${cursor + 1}, "${concept.instancePrompt}"? Its images stay where they are.`, look: 'warn'};
	return (
		<Page title={step.title} place={place} area={area} notices={isAsking ? [question] : notices} bindings={bindings} context={context}>
			{({columns, rows}) => {
				const listRows = Math.max(2, Math.min(concepts.length, rows - ABOUT_ROWS));
				return (
					<>
						<List items={concepts.map((each, index) => ({each, index}))} cursor={cursor} columns={columns} rows={listRows} keyOf={({index}) => String(index)}>
							{({each, index}) => conceptText(each, theme, {number: index + 1, images: counts.get(each.instanceImages), columns: columns - 2})}
						</List>
						<Box marginTop={1} flexDirection="column">
							<Row columns={columns}><Text {...theme.dim}>{aboutClass(concept)}</Text></Row>
							<CheckLines lines={found} rows={CHECK_ROWS} columns={columns}/>
						</Box>
						{found.length > 0 && <Thumbnails folder={concept.instanceImages} pictures={pictures} area={{columns, rows: rows - listRows - 2 - Math.min(found.length, CHECK_ROWS)}}/>}
					</>
				);
			}}
		</Page>
	);
}

const cut = (text: string, columns: number, {glyphs: {ellipsis}}: Theme): string => (text.length <= columns ? text : text.slice(0, columns - ellipsis.length) + ellipsis).padEnd(columns);

/** `1 a photo of sks dog   12 images  ~/photos/rex`. */
function conceptText({instancePrompt, instanceImages}: Concept, theme: Theme, {number, images, columns}: {number: number; images: number | undefined; columns: number}): ReactNode {
	const {ellipsis} = theme.glyphs;
	const head = `${number} `.padStart(3);
	const count = images === undefined ? '' : `${images} image${images === 1 ? '' : 's'}`;
	return (
		<>
			<Text>{head}{instancePrompt === '' ? '' : cut(instancePrompt, PROMPT_COLUMNS, theme)}</Text>
			{instancePrompt === '' && <Text {...theme.bad}>{cut('no prompt yet', PROMPT_COLUMNS, theme)}</Text>}
			<Text {...theme.strong}>{`  ${count}`.padEnd(COUNT_COLUMNS + 2)}</Text>
			{instanceImages === ''
				? <Text {...theme.bad}>no images yet</Text>
				: <Text {...theme.dim}>{fitPath(instanceImages, columns - head.length - PROMPT_COLUMNS - COUNT_COLUMNS - 2, {home: os.homedir(), ellipsis})}</Text>}
		</>
	);
}

const aboutClass = ({classImagesPerInstance, classPrompt = '', classImages}: Concept): string => (classImagesPerInstance === 0 ?
	'No class images.'
:	`${classImagesPerInstance} class image${classImagesPerInstance === 1 ? '' : 's'} for each image, of: ${classPrompt}${classImages === undefined ? '' : ` (${classImages})`}`);
