import {Box, Text} from 'ink';
import {useMemo} from 'react';
import {drawChart, type ChartPart, type ScaleKind} from '../chart/index.ts';
import type {RunView} from '../run/index.ts';
import {useTheme, type Look, type Theme} from '../theme.ts';
import {formatLoss, formatRate} from '../units.ts';
import type {Area} from './layout.ts';

/** The loss over all steps, with a title row above the area. */
export function LossChart({view, area, scale: wanted}: {view: RunView; area: Area; scale: ScaleKind}) {
	const theme = useTheme();
	const {losses, samples, checkpoints} = view;
	const {columns, rows} = area;
	const {unicode} = theme.terminal;
	const {rows: lines, scale, smoothed} = useMemo(() => drawChart(losses.buckets, {
		columns, rows, scale: wanted, unicode,
		marks: [...samples.map(({step}) => ({step, letter: 's'})), ...checkpoints.map(({step}) => ({step, letter: 'c'}))],
	}), [losses, samples, checkpoints, columns, rows, wanted, unicode]);
	const looks = partLooks(theme);
	return (
		<Box flexDirection="column" width={columns}>
			<Title view={view} columns={columns} smoothed={smoothed} scale={scale} wanted={wanted}/>
			{lines.map((spans, row) => (
				<Text key={row} wrap="truncate-end">{spans.map(({text, part}, index) => <Text key={index} {...looks[part]}>{text}</Text>)}</Text>
			))}
		</Box>
	);
}

function Title({view, columns, smoothed, scale, wanted}: {view: RunView; columns: number; smoothed: number | undefined; scale: ScaleKind; wanted: ScaleKind}) {
	const theme = useTheme();
	const {lastStep} = view;
	if (!lastStep) {
		return <Text {...theme.dim} wrap="truncate-end">loss: no step yet</Text>;
	}

	const further = [
		...(wanted === 'log' ? [scale === 'log' ? 'log scale' : 'linear: nothing is above 0'] : []),
		`lr ${formatRate(lastStep.learningRate)}`,
		...(typeof lastStep.priorLoss === 'number' ? [`instance ${formatLoss(lastStep.instanceLoss).trim()}`, `prior ${formatLoss(lastStep.priorLoss).trim()}`] : []),
		...(lastStep.gradientNorm === null ? [] : [`gradient ${formatLoss(lastStep.gradientNorm).trim()}`]),
	];
	return (
		<Text wrap="truncate-end">
			loss <Text {...(lastStep.loss === null ? theme.bad : theme.dim)}>{formatLoss(lastStep.loss)}</Text>
			{' '}smoothed <Text {...theme.accent} bold>{formatLoss(smoothed)}</Text>
			<Text {...theme.dim}>{fitting(further, columns - 27)}</Text>
		</Text>
	);
}

/** The parts that fit whole, two blanks before each. */
function fitting(parts: readonly string[], columns: number): string {
	let text = '';
	for (const part of parts) {
		if (text.length + part.length + 2 > columns) {
			break;
		}

		text += `  ${part}`;
	}

	return text;
}

function partLooks(theme: Theme): Readonly<Record<ChartPart, Look>> {
	return {raw: theme.dim, smooth: {...theme.accent, bold: true}, bad: theme.bad, axis: theme.dim, mark: theme.accent};
}
