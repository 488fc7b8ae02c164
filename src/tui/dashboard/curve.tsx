import {Box} from 'ink';
import type {ReactNode} from 'react';
import type {Chart, ChartPart} from '../chart/index.ts';
import {Rows} from '../row.tsx';
import {useTheme, type Look, type Theme} from '../theme.ts';

/** A chart in the looks of the theme, with a title row above it. */
export function Curve({title, chart, columns}: {title: ReactNode; chart: Chart; columns: number}) {
	const theme = useTheme();
	const looks = partLooks(theme);
	return (
		<Box flexDirection="column" width={columns}>
			{title}
			<Rows rows={chart.rows.map(spans => spans.map(({text, part}) => ({text, ...looks[part]})))} columns={columns}/>
		</Box>
	);
}

function partLooks(theme: Theme): Readonly<Record<ChartPart, Look>> {
	return {raw: theme.dim, smooth: {...theme.accent, bold: true}, bad: theme.bad, axis: theme.dim, mark: theme.accent, point: theme.warn, best: {...theme.ok, bold: true}};
}

/** The parts that fit whole into `columns`, two blanks before each. */
export function fitting(parts: readonly string[], columns: number): string {
	let text = '';
	for (const part of parts) {
		if (text.length + part.length + 2 > columns) {
			break;
		}

		text += `  ${part}`;
	}

	return text;
}
