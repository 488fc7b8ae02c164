import {Text} from 'ink';
import {useMemo} from 'react';
import {drawChart, type ScaleKind, type StepRange, type ValueRange} from '../chart/index.ts';
import {bestValidation, type RunView} from '../run/index.ts';
import {Row} from '../row.tsx';
import {useTheme} from '../theme.ts';
import {formatLoss, formatRate} from '../units.ts';
import {Curve, fitting} from './curve.tsx';
import type {Area} from './layout.ts';

/** The loss over all steps, with validations as points on it and a title row above the area. `steps`, `values`: of the axes, for charts that are compared. */
export function LossPane({view, area: {columns, rows}, scale: wanted, smoothing, steps, values}: {
	view: RunView; area: Area; scale: ScaleKind; smoothing: number; steps: StepRange | undefined; values?: ValueRange | undefined;
}) {
	const theme = useTheme();
	const {histories: {loss, validation}, samples, checkpoints} = view;
	const {unicode} = theme.terminal;
	const {from, to} = steps ?? {};
	const chart = useMemo(() => drawChart(loss.buckets, {
		columns, rows, scale: wanted, unicode, smoothing, points: validation.buckets,
		...(from !== undefined && to !== undefined && {steps: {from, to}}), ...(values && {values}),
		marks: [...samples.map(({step}) => ({step, letter: 's'})), ...checkpoints.map(({step}) => ({step, letter: 'c'}))],
	}), [loss, validation, samples, checkpoints, columns, rows, wanted, unicode, smoothing, from, to, values]);
	return <Curve columns={columns} chart={chart} title={<LossTitle view={view} columns={columns} smoothed={chart.smoothed} smoothing={smoothing} scale={chart.scale} wanted={wanted}/>}/>;
}

function LossTitle({view, columns, smoothed, smoothing, scale, wanted}: {view: RunView; columns: number; smoothed: number | undefined; smoothing: number; scale: ScaleKind; wanted: ScaleKind}) {
	const theme = useTheme();
	const {lastStep} = view;
	if (!lastStep) {
		return <Row columns={columns}><Text {...theme.dim}>loss: no step yet</Text></Row>;
	}

	const further = [
		...(wanted === 'log' ? [scale === 'log' ? 'log scale' : 'linear: nothing is above 0'] : []),
		...validationText(view),
		`lr ${formatRate(lastStep.learningRate)}`,
		...(typeof lastStep.priorLoss === 'number' ? [`instance ${formatLoss(lastStep.instanceLoss).trim()}`, `prior ${formatLoss(lastStep.priorLoss).trim()}`] : []),
		...(lastStep.skipped ? ['skipped: f16 overflow'] : []),
		...(lastStep.gradientNorm === null ? [] : [`gradient ${formatLoss(lastStep.gradientNorm).trim()}`]),
		...(lastStep.lossScale === undefined ? [] : [`loss scale ${lastStep.lossScale}`]),
	];
	const over = `(${smoothing})`;
	return (
		<Row columns={columns}>
			loss <Text {...(lastStep.loss === null ? theme.bad : theme.dim)}>{formatLoss(lastStep.loss)}</Text>
			{' '}smoothed <Text {...theme.accent} bold>{formatLoss(smoothed)}</Text>
			<Text {...theme.dim}> {over}{fitting(further, columns - 28 - over.length)}</Text>
		</Row>
	);
}

function validationText(view: RunView): string[] {
	const last = view.histories.validation.buckets.at(-1);
	const best = bestValidation(view);
	return last && best ? [`validation ${formatLoss(last.sum / last.count).trim()}`, `best ${formatLoss(best.loss).trim()} at ${best.step}`] : [];
}
