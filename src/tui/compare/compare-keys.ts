import {SMOOTHINGS, type DashboardAction, type DashboardState} from '../dashboard/index.ts';
import type {KeyBinding} from '../keys.ts';
import type {SamplesOfStep} from '../run/index.ts';

/** What the keys of a comparison act on. */
export interface CompareContext {
	readonly state: DashboardState;
	/** At every step at which one of the runs has samples. */
	readonly samples: readonly SamplesOfStep[];
	readonly prompts: number;
	readonly dispatch: (action: DashboardAction) => void;
	readonly leave: () => void;
}

type Binding = KeyBinding<CompareContext>;

const noSamples = ({samples}: CompareContext): string | undefined => samples.length === 0 ? 'There is no sample image yet.' : undefined;
const onlyOnePrompt = (context: CompareContext): string | undefined => noSamples(context) ?? (context.prompts < 2 ? 'There is one prompt only.' : undefined);
const widest = SMOOTHINGS.at(-1)!;

export const compareKeys: readonly Binding[] = [
	{keys: ['esc', 'q', 'd', 'ctrl+c'], label: 'back', help: 'Close the comparison; runs go on.', run: ({leave}) => leave()},
	{keys: ['left'], label: 'samples', help: 'Samples of an earlier step, of both runs.', why: noSamples, run: ({dispatch, samples}) => dispatch({type: 'sample', by: -1, samples})},
	{keys: ['right'], label: '', help: 'Samples of a later step; past the last one the newest are followed.', why: noSamples, run: ({dispatch, samples}) => dispatch({type: 'sample', by: 1, samples})},
	{keys: ['up'], label: '', help: 'Samples of the prompt before.', why: onlyOnePrompt, run: ({dispatch, prompts}) => dispatch({type: 'prompt', by: -1, count: prompts})},
	{keys: ['down'], label: '', help: 'Samples of the next prompt.', why: onlyOnePrompt, run: ({dispatch, prompts}) => dispatch({type: 'prompt', by: 1, count: prompts})},
	{keys: ['end'], label: '', help: 'Follow the newest samples.', why: noSamples, run: ({dispatch}) => dispatch({type: 'newest-sample'})},
	{keys: ['y'], label: 'log', help: 'Draw the losses on a logarithmic or a linear scale.', run: ({dispatch}) => dispatch({type: 'scale'})},
	{
		keys: ['+', '='], label: 'smoother', help: `Smooth the losses over more steps, up to ${widest}.`,
		why: ({state}) => state.smoothing === widest ? `The losses are smoothed over ${widest} steps already, the most there is.` : undefined, run: ({dispatch}) => dispatch({type: 'smoothing', by: 1}),
	},
	{
		keys: ['-'], label: '', help: `Smooth the losses over fewer steps, down to ${SMOOTHINGS[0]}.`,
		why: ({state}) => state.smoothing === SMOOTHINGS[0] ? `The losses are smoothed over ${SMOOTHINGS[0]} steps only, the fewest there are.` : undefined, run: ({dispatch}) => dispatch({type: 'smoothing', by: -1}),
	},
	{
		keys: ['?'], label: 'help', help: 'This list.',
		run: ({dispatch}) => dispatch({type: 'show', mode: 'help'}),
	},
];
