import type {DemoFigures, EvaluationRow} from '../evaluation-messages.ts';

/** What kind of run made the model: more is expected of a longer one. */
export interface Trained {
	/** Training steps. */
	readonly steps: number;
	/** Whether it was trained against pictures of other robots. */
	readonly prior: boolean;
}

type Target = {readonly least: number} | {readonly most: number};

interface Measure {
	readonly label: string;
	/** A similarity, or how many pictures of how many. */
	read(figures: DemoFigures): number | readonly [count: number, of: number];
	/** Of the model before training. */
	readonly base?: Target;
	/** Of the trained model, similarities or shares; the first that fits the run counts. */
	readonly targets?: readonly (Target & Partial<Trained>)[];
}

/** Below it nothing of the subject is in the pictures. */
const UNKNOWN = {most: 0.06};

/** The demo's recipe, with its targets: set for 300 steps of an older base model, they are asked of the demo's 200. */
const measures: readonly Measure[] = [
	{label: 'subject similarity', read: ({instance}) => instance.similarity, base: UNKNOWN, targets: [{steps: 200, least: 0.2}, {steps: 100, least: 0.15}]},
	{label: '  correlation of its shape', read: ({instance}) => instance.correlation, targets: [{steps: 200, least: 0.55}, {steps: 100, least: 0.5}]},
	{label: '  pictures that surely show it', read: ({instance}) => [instance.hits, instance.pictures], targets: [{steps: 200, least: 7 / 8}]},
	{label: '  in other scenes', read: ({context}) => context.similarity},
	{label: '    the scene is as asked', read: ({context}) => [context.sceneAsAsked, context.pictures], targets: [{steps: 200, prior: true, least: 0.9}]},
	{label: '    and surely shows it', read: ({context}) => [context.both, context.pictures], targets: [{steps: 200, prior: true, least: 0.5}]},
	{
		label: 'prior: other robots like it', read: figures => figures.class.similarity, base: UNKNOWN,
		targets: [{steps: 200, prior: true, ...UNKNOWN}, {steps: 200, prior: false, least: 0.15}],
	},
	{label: '  turned into it', read: figures => [figures.class.leaked, figures.class.pictures], targets: [{steps: 200, prior: true, most: 0}]},
	{label: '  prior kept: still robots', read: figures => [figures.class.robots, figures.class.pictures], targets: [{steps: 200, prior: true, least: 0.9}]},
];

/** The figures of the base model and of the trained one side by side, with what a run like this should reach. */
export function compareFigures(before: DemoFigures, after: DemoFigures, {steps, prior}: Trained): EvaluationRow[] {
	return measures.map(({label, read, base, targets = []}) => {
		const target = targets.find(wanted => steps >= (wanted.steps ?? 0) && prior === (wanted.prior ?? prior));
		const [was, is] = [read(before), read(after)];
		return {
			label,
			before: written(was),
			after: written(is),
			target: target ? described(target, is) : '',
			...(target && {reached: reaches(is, target) && (base === undefined || reaches(was, base))}),
		};
	});
}

type Value = ReturnType<Measure['read']>;

const share = (value: Value): number => (typeof value === 'number' ? value : value[0] / value[1]);

const reaches = (value: Value, target: Target): boolean => ('least' in target ? share(value) >= target.least : share(value) <= target.most);

/** .282, or 8/8. */
const written = (value: Value): string => (typeof value === 'number' ? value.toFixed(3).replace('0.', '.') : value.join('/'));

/** "at least .20", "at least 7/8". A count is named in whole pictures. */
function described(target: Target, value: Value): string {
	const [words, bound] = 'least' in target ? ['at least', target.least] : ['at most', target.most];
	return `${words} ${typeof value === 'number' ? bound.toFixed(2).replace('0.', '.') : `${Math.ceil(bound * value[1])}/${value[1]}`}`;
}
