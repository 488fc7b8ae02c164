export {drawChart, type Chart, type ChartOptions, type ChartPart, type ChartSpan} from './draw-chart.ts';
export {drawSparklines, type Sparkline} from './draw-sparklines.ts';
export type {ScaleKind} from './scale.ts';
export {smoothed, steadyEnd, type Bucket, type StepRange} from './series.ts';
export {fromZero, valueRange, type ValueRange} from './value-range.ts';
