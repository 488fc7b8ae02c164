import {Box, Text} from 'ink';
import {useMemo} from 'react';
import {drawSparklines, type StepRange} from '../chart/index.ts';
import type {Histories, RunView, StepHistory} from '../run/index.ts';
import {Row} from '../row.tsx';
import {useTheme} from '../theme.ts';
import {formatLoss} from '../units.ts';
import type {Area} from './layout.ts';

/** A part of the loss: what it is of, and how it went. */
interface LossPart {
	readonly name: string;
	readonly history: StepHistory;
}

/** Of the instance and the class images, and of each concept (named by its prompt). */
export function lossParts({instanceLoss, priorLoss, conceptLosses}: Histories, conceptPrompts: readonly string[]): readonly LossPart[] {
	return [
		...(priorLoss.buckets.length > 0 ? [{name: 'instance', history: instanceLoss}, {name: 'prior', history: priorLoss}] : []),
		...conceptLosses.map((history, concept) => ({name: conceptPrompts[concept] ?? `concept ${concept + 1}`, history})),
	];
}

const LEAST_NAME = 12;
/** Value and blanks beside the name. */
const VALUE_COLUMNS = 8;
/** The curve keeps more than half of the width. */
const LABEL_SHARE = 0.45;
/** Higher curves say no more. */
const MOST_ROWS_A_PART = 5;

/** The smoothed loss of each part on one scale, a curve under the other, with a title row above the area. */
export function PartsPane({view: {histories}, conceptPrompts, area: {columns, rows}, smoothing, steps}: {
	view: RunView; conceptPrompts: readonly string[]; area: Area; smoothing: number; steps: StepRange | undefined;
}) {
	const theme = useTheme();
	const {terminal: {unicode}, glyphs: {ellipsis}} = theme;
	const {from, to} = steps ?? {};
	const all = useMemo(() => lossParts(histories, conceptPrompts), [histories, conceptPrompts]);
	const count = all.length > rows ? rows - 1 : all.length;
	const rowsEach = Math.max(1, Math.min(MOST_ROWS_A_PART, Math.floor(rows / Math.max(1, count))));
	const longestName = Math.max(0, ...all.map(({name}) => name.length));
	const nameColumns = Math.max(LEAST_NAME, Math.min(Math.floor(columns * LABEL_SHARE) - VALUE_COLUMNS, longestName));
	const curves = useMemo(() => drawSparklines(all.slice(0, count).map(({history}) => history.buckets), {
		columns: columns - nameColumns - VALUE_COLUMNS, rows: rowsEach, unicode, smoothing, steps: from === undefined || to === undefined ? undefined : {from, to},
	}), [all, count, columns, nameColumns, rowsEach, unicode, smoothing, from, to]);
	return (
		<Box flexDirection="column" width={columns}>
			<Row columns={columns}>parts of the loss <Text {...theme.dim}>smoothed ({smoothing}), on one scale</Text></Row>
			{curves.flatMap((curve, part) => curve.rows.map((text, row) => (
				<Row key={`${part} ${row}`} columns={columns}>
					{row === 0 ? <>{fitName(all[part]!.name, nameColumns, ellipsis)} <Text {...theme.accent} bold>{formatLoss(curve.last)}</Text> </> : ' '.repeat(nameColumns + VALUE_COLUMNS)}
					<Text {...theme.accent}>{text}</Text>
				</Row>
			)))}
			{all.length > count && <Text {...theme.dim}>and {all.length - count} more</Text>}
		</Box>
	);
}

const fitName = (name: string, columns: number, ellipsis: string): string => (name.length > columns ? name.slice(0, columns - ellipsis.length) + ellipsis : name).padEnd(columns);
