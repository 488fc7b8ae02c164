export {drawChart, type Chart, type ChartOptions, type ChartPart, type ChartSpan} from './draw-chart.ts';
export type {ScaleKind} from './scale.ts';
export type {Bucket} from './series.ts';
