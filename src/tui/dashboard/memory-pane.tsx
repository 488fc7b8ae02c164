import {Text} from 'ink';
import {useMemo} from 'react';
import {drawChart, fromZero, type StepRange} from '../chart/index.ts';
import type {RunView} from '../run/index.ts';
import {Row} from '../row.tsx';
import {useTheme} from '../theme.ts';
import {formatBytes} from '../units.ts';
import {Curve} from './curve.tsx';
import type {Area} from './layout.ts';

/** The memory in use over all steps, with a title row above the area. */
export function MemoryPane({view, area: {columns, rows}, steps}: {view: RunView; area: Area; steps: StepRange | undefined}) {
	const theme = useTheme();
	const {histories: {memoryBytes}, memory} = view;
	const {unicode} = theme.terminal;
	const {from, to} = steps ?? {};
	const chart = useMemo(() => drawChart(memoryBytes.buckets, {
		columns, rows, scale: 'linear', unicode, smoothing: undefined, tick: gibibytes, values: fromZero(memoryBytes.buckets), ...(from !== undefined && to !== undefined && {steps: {from, to}}),
	}), [memoryBytes, columns, rows, unicode, from, to]);
	const onDevice = memory?.deviceUsedBytes !== undefined;
	return (
		<Curve
			columns={columns} chart={chart}
			title={<Row columns={columns}>{onDevice ? 'VRAM' : 'memory'} <Text {...theme.accent} bold>{formatBytes(memory?.deviceUsedBytes ?? memory?.residentBytes)}</Text><Text {...theme.dim}>  in GiB</Text></Row>}
		/>
	);
}

const gibibytes = (bytes: number): string => String(Number((bytes / 2 ** 30).toPrecision(3)));
