import {steadyEnd, type StepRange} from '../chart/index.ts';
import type {RunView} from '../run/index.ts';
import type {DashboardState, Measure} from './dashboard-state.ts';
import type {Area} from './layout.ts';
import {LossPane} from './loss-pane.tsx';
import {MemoryPane} from './memory-pane.tsx';
import {PartsPane} from './parts-pane.tsx';
import {RatesPane} from './rates-pane.tsx';

/** The steps that every chart of a run spans, so that one is read under the other; undefined before the first step. */
export function stepsOf({histories: {loss: {buckets: [first]}}, step, totalSteps}: RunView): StepRange | undefined {
	return first && {from: first.firstStep, to: Math.max(first.firstStep, steadyEnd(step, totalSteps))};
}

/** The chart of a measure, with a title row above the area. */
export function MeasurePane({measure, view, state: {scale, smoothing}, conceptPrompts, area}: {
	measure: Measure; view: RunView; state: DashboardState; conceptPrompts: readonly string[]; area: Area;
}) {
	const steps = stepsOf(view);
	switch (measure) {
		case 'loss': {
			return <LossPane view={view} area={area} scale={scale} smoothing={smoothing} steps={steps}/>;
		}

		case 'parts': {
			return <PartsPane view={view} conceptPrompts={conceptPrompts} area={area} smoothing={smoothing} steps={steps}/>;
		}

		case 'rates': {
			return <RatesPane view={view} area={area} scale={scale} steps={steps}/>;
		}

		case 'memory': {
			return <MemoryPane view={view} area={area} steps={steps}/>;
		}
	}
}
