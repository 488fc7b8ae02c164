import type {EventOf, StopWhen} from '../../train/protocol/index.ts';
import type {RunView, SamplesOfStep} from '../run/index.ts';
import type {ScaleKind} from '../chart/index.ts';

/** Questions that take all keys until they are answered. */
export type Question = 'stop' | 'discard' | 'rates' | 'sample-prompt' | 'prompts';

/** What the person is doing: looking at everything, at one picture, at the first and the last; reading the keys; answering. */
export type Mode = 'overview' | 'picture' | 'before-after' | 'help' | Question;

/** What the chart shows: the loss, its parts (prior, concepts), the learning rates, the memory. */
export type Measure = 'loss' | 'parts' | 'rates' | 'memory';

/** Steps of the moving average; the extension's "graph smoothing" goes from 10 to 500 and begins at 50. */
export const SMOOTHINGS = [10, 20, 50, 100, 200, 500] as const;
export const USUAL_SMOOTHING = 50;

/** What the screen itself remembers; everything about the run is in the run's view. */
export interface DashboardState {
	readonly mode: Mode;
	readonly measure: Measure;
	readonly scale: ScaleKind;
	readonly smoothing: number;
	/** The step whose samples are shown; undefined: always the newest. */
	readonly sampleStep: number | undefined;
	readonly prompt: number;
	/** What the run has promised to do, until it has ended. */
	readonly stopping: StopWhen | undefined;
	/** The answer to the last key, until the next one. */
	readonly message: {readonly text: string; readonly kind: 'ok' | 'warn'} | undefined;
	/** `asked`: Ctrl-C was pressed once, and the next one leaves. */
	readonly leaving: 'no' | 'asked' | 'yes';
}

export type DashboardAction =
	| {readonly type: 'show'; readonly mode: Mode}
	| {readonly type: 'scale'}
	| {readonly type: 'smoothing'; readonly by: 1 | -1}
	| {readonly type: 'measure'; readonly among: readonly Measure[]}
	| {readonly type: 'stopping'; readonly when: StopWhen}
	| {readonly type: 'sample'; readonly by: number; readonly samples: readonly SamplesOfStep[]}
	| {readonly type: 'newest-sample'}
	| {readonly type: 'prompt'; readonly by: number; readonly count: number}
	| {readonly type: 'say'; readonly text: string; readonly kind: 'ok' | 'warn'}
	| {readonly type: 'quiet'}
	| {readonly type: 'leaving'};

export const initialState: DashboardState = {
	mode: 'overview', measure: 'loss', scale: 'linear', smoothing: USUAL_SMOOTHING, sampleStep: undefined, prompt: 0, stopping: undefined, message: undefined, leaving: 'no',
};

export function reduceDashboard(state: DashboardState, action: DashboardAction): DashboardState {
	switch (action.type) {
		case 'show': {
			return {...state, mode: action.mode, message: undefined, leaving: 'no'};
		}

		case 'scale': {
			return {...state, scale: state.scale === 'linear' ? 'log' : 'linear'};
		}

		case 'smoothing': {
			const at = SMOOTHINGS.findIndex(steps => steps === state.smoothing) + action.by;
			return {...state, smoothing: SMOOTHINGS[Math.max(0, Math.min(SMOOTHINGS.length - 1, at))]!};
		}

		case 'measure': {
			return {...state, measure: following(action.among, state.measure)};
		}

		case 'stopping': {
			return {...state, stopping: action.when};
		}

		case 'sample': {
			return {...state, sampleStep: stepBeside(state.sampleStep, action.by, action.samples)};
		}

		case 'newest-sample': {
			return {...state, sampleStep: undefined};
		}

		case 'prompt': {
			return action.count === 0 ? state : {...state, prompt: (state.prompt + action.by + action.count) % action.count};
		}

		case 'say': {
			return {...state, message: {text: action.text, kind: action.kind}, leaving: 'no'};
		}

		case 'leaving': {
			return state.leaving === 'asked' ? {...state, leaving: 'yes'} : {...state, leaving: 'asked', message: {text: 'Training continues without this window. Ctrl-C again leaves; x stops training.', kind: 'ok'}};
		}

		case 'quiet': {
			return state.message ? {...state, message: undefined, leaving: 'no'} : state;
		}
	}
}

/** Past the last step one follows the newest again. */
function stepBeside(current: number | undefined, by: number, samples: readonly SamplesOfStep[]): number | undefined {
	const at = shownSample(samples, current)?.index;
	if (at === undefined) {
		return undefined;
	}

	const next = Math.max(0, at + by);
	return next >= samples.length - 1 ? undefined : samples[next]!.step;
}

/** The samples to show: those of the chosen step (or the last before it, when a resumed run took it back), else the newest. */
export function shownSample(samples: readonly SamplesOfStep[], step: number | undefined): {index: number; sample: SamplesOfStep} | undefined {
	const found = step === undefined ? -1 : samples.findLastIndex(sample => sample.step <= step);
	const index = found === -1 ? samples.length - 1 : found;
	const sample = samples[index];
	return sample && {index, sample};
}

/** The measure after this one, around. */
export function following(among: readonly Measure[], measure: Measure): Measure {
	return among[(among.indexOf(measure) + 1) % among.length] ?? 'loss';
}

/** What there is to draw of this run. */
export function measuresOf({histories: {priorLoss, conceptLosses, memoryBytes}}: RunView): readonly Measure[] {
	const hasParts = priorLoss.buckets.length > 0 || conceptLosses.length > 0;
	return ['loss', ...(hasParts ? ['parts'] as const : []), 'rates', ...(memoryBytes.buckets.length > 0 ? ['memory'] as const : [])];
}

/** The sample that the person looks at: of the chosen step (else the newest) and prompt; undefined while there is none. */
export function chosenSample(view: RunView, state: DashboardState): EventOf<'sample'> | undefined {
	const images = shownSample(view.samples, state.sampleStep)?.sample.images ?? [];
	return images[state.prompt % Math.max(1, images.length)] ?? images.find(image => image !== undefined);
}

/** The first sample of the same prompt, else of the same place: what the model made before it was taught. */
export function firstSample({samples}: RunView, chosen: EventOf<'sample'>): EventOf<'sample'> | undefined {
	const images = samples.flatMap(({images}) => images.filter(image => image !== undefined));
	return images.find(({prompt}) => prompt === chosen.prompt) ?? images.find(({index}) => index === chosen.index);
}
