import type {SamplesOfStep} from '../run/index.ts';
import type {ScaleKind} from '../chart/index.ts';

/** What the person is doing: looking, looking at one picture, reading the keys, deciding whether to stop. */
export type Mode = 'overview' | 'picture' | 'help' | 'confirm-stop';

/** What the screen itself remembers; everything about the run is in the run's view. */
export interface DashboardState {
	readonly mode: Mode;
	readonly scale: ScaleKind;
	/** The step whose samples are shown; undefined: always the newest. */
	readonly sampleStep: number | undefined;
	readonly prompt: number;
	/** The answer to the last key, until the next one. */
	readonly message: {readonly text: string; readonly kind: 'ok' | 'warn'} | undefined;
	/** `asked`: Ctrl-C was pressed once, and the next one leaves. */
	readonly leaving: 'no' | 'asked' | 'yes';
}

export type DashboardAction =
	| {readonly type: 'show'; readonly mode: Mode}
	| {readonly type: 'scale'}
	| {readonly type: 'sample'; readonly by: number; readonly samples: readonly SamplesOfStep[]}
	| {readonly type: 'newest-sample'}
	| {readonly type: 'prompt'; readonly by: number; readonly count: number}
	| {readonly type: 'say'; readonly text: string; readonly kind: 'ok' | 'warn'}
	| {readonly type: 'quiet'}
	| {readonly type: 'leaving'};

export const initialState: DashboardState = {mode: 'overview', scale: 'linear', sampleStep: undefined, prompt: 0, message: undefined, leaving: 'no'};

export function reduceDashboard(state: DashboardState, action: DashboardAction): DashboardState {
	switch (action.type) {
		case 'show': {
			return {...state, mode: action.mode, message: undefined, leaving: 'no'};
		}

		case 'scale': {
			return {...state, scale: state.scale === 'linear' ? 'log' : 'linear'};
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
