import {Text} from 'ink';
import {useMemo} from 'react';
import {drawChart, fromZero, type ScaleKind, type StepRange} from '../chart/index.ts';
import {learningRateScale, type RunView} from '../run/index.ts';
import {Row} from '../row.tsx';
import {useTheme} from '../theme.ts';
import {formatRate} from '../units.ts';
import {Curve, fitting} from './curve.tsx';
import type {Area} from './layout.ts';

/** The learning rate over all steps, with a title row above the area. */
export function RatesPane({view, area: {columns, rows}, scale, steps}: {view: RunView; area: Area; scale: ScaleKind; steps: StepRange | undefined}) {
	const theme = useTheme();
	const {histories: {learningRate}, rateChanges} = view;
	const {unicode} = theme.terminal;
	const {from, to} = steps ?? {};
	const chart = useMemo(() => drawChart(learningRate.buckets, {
		columns, rows, scale, unicode, smoothing: undefined, tick: formatRate,
		...(from !== undefined && to !== undefined && {steps: {from, to}}), values: fromZero(learningRate.buckets),
		marks: rateChanges.map(({step}) => ({step, letter: 'r'})),
	}), [learningRate, rateChanges, columns, rows, scale, unicode, from, to]);
	return <Curve columns={columns} chart={chart} title={<RatesTitle view={view} columns={columns}/>}/>;
}

function RatesTitle({view, columns}: {view: RunView; columns: number}) {
	const theme = useTheme();
	const {lastStep} = view;
	const changed = learningRateScale(view);
	const rate = formatRate(lastStep?.learningRate);
	const further = [
		...(lastStep?.textEncoderLearningRate === undefined ? [] : [`text encoder ${formatRate(lastStep.textEncoderLearningRate)}`]),
		...(changed === 1 ? [] : [`times ${Number(changed.toPrecision(3))} by you`]),
	];
	return <Row columns={columns}>learning rate <Text {...theme.accent} bold>{rate}</Text><Text {...theme.dim}>{fitting(further, columns - 14 - rate.length)}</Text></Row>;
}
