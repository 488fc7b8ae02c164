import {isEnded, type Command} from '../../train/protocol/index.ts';
import type {KeyBinding} from '../keys.ts';
import type {RunView} from '../run/index.ts';
import {measuresOf, shownSample, SMOOTHINGS, type DashboardAction, type DashboardState} from './dashboard-state.ts';

/** What the keys of the dashboard act on. */
export interface DashboardContext {
	readonly view: RunView;
	readonly state: DashboardState;
	readonly pictures: boolean;
	readonly dispatch: (action: DashboardAction) => void;
	/** Sends the command and says what came of it. */
	readonly order: (command: Command) => void;
	readonly leave: () => void;
}

type Binding = KeyBinding<DashboardContext>;
type Reason = (context: DashboardContext) => string | undefined;

const isLive = ({view}: DashboardContext): boolean => !isEnded(view.status);
const notYet: Reason = ({view}) => view.status === 'starting' ? 'The run is still starting; it will listen when training has begun.' : undefined;
const isStopping: Reason = ({state}) => state.stopping === undefined ? undefined : 'The run is about to stop.';
const busy: Reason = context => notYet(context) ?? isStopping(context);
const noSamples: Reason = ({view}) => view.samples.length === 0 ? 'There is no sample image yet.' : undefined;
const onlyOneStep: Reason = context => noSamples(context) ?? (context.view.samples.length < 2 ? 'There are samples of one step only.' : undefined);
const noPictures: Reason = context => context.pictures ? noSamples(context) : 'This terminal shows no pictures (colours are off); open the file whose path is shown.';
const promptCount = ({view, state}: DashboardContext): number => shownSample(view.samples, state.sampleStep)?.sample.images.length ?? 0;
const onlyOnePrompt: Reason = context => noSamples(context) ?? (promptCount(context) < 2 ? 'There is one sample of this step only.' : undefined);
const widest = SMOOTHINGS.at(-1)!;

/** In the order of the footer; the last one is always shown. */
export const dashboardKeys: readonly Binding[] = [
	{
		keys: ['esc'], label: 'back', help: 'Back to the overview.',
		when: ({state}) => state.mode !== 'overview', run: ({dispatch}) => dispatch({type: 'show', mode: 'overview'}),
	},
	{
		keys: ['d', 'q'], label: 'detach', help: 'Close this window; training goes on. Come back with: dreambooth attach',
		when: isLive, run: ({leave}) => leave(),
	},
	{
		keys: ['q', 'd', 'enter'], label: 'close', help: 'Close this window.',
		when: context => !isLive(context), run: ({leave}) => leave(),
	},
	{
		keys: ['p'], label: 'pause', help: 'Pause after the current step; the model stays in memory.',
		when: context => isLive(context) && context.view.status !== 'paused', why: busy, run: ({order}) => order({type: 'pause'}),
	},
	{
		keys: ['p'], label: 'resume', help: 'Go on where training was paused.',
		when: ({view}) => view.status === 'paused', why: isStopping, run: ({order}) => order({type: 'resume'}),
	},
	{
		keys: ['x'], label: 'stop', help: 'Stop training; asks how, and says what is kept.',
		when: isLive, run: ({dispatch}) => dispatch({type: 'show', mode: 'stop'}),
	},
	{
		keys: ['s'], label: 'sample', help: 'Draw sample images after the current step.',
		when: isLive, why: busy, run: ({order}) => order({type: 'sample-now'}),
	},
	{
		keys: ['left'], label: 'samples', help: 'Samples of an earlier step.',
		why: onlyOneStep, run: ({dispatch, view}) => dispatch({type: 'sample', by: -1, samples: view.samples}),
	},
	{
		keys: ['right'], label: '', help: 'Samples of a later step; past the last one the newest are followed.',
		why: onlyOneStep, run: ({dispatch, view}) => dispatch({type: 'sample', by: 1, samples: view.samples}),
	},
	{
		keys: ['up'], label: '', help: 'Sample of the prompt before.',
		why: onlyOnePrompt, run: context => context.dispatch({type: 'prompt', by: -1, count: promptCount(context)}),
	},
	{
		keys: ['down'], label: '', help: 'Sample of the next prompt.',
		why: onlyOnePrompt, run: context => context.dispatch({type: 'prompt', by: 1, count: promptCount(context)}),
	},
	{
		keys: ['end'], label: '', help: 'Follow the newest samples.',
		why: noSamples, run: ({dispatch}) => dispatch({type: 'newest-sample'}),
	},
	{
		keys: ['c'], label: 'save', help: 'Save the whole training state after the current step.',
		when: isLive, why: busy, run: ({order}) => order({type: 'checkpoint-now'}),
	},
	{
		keys: ['v'], label: 'charts', help: 'Next chart: loss, its parts (prior, concepts), learning rate, memory.',
		run: ({dispatch, view}) => dispatch({type: 'measure', among: measuresOf(view)}),
	},
	{
		keys: ['y'], label: 'log', help: 'Draw the chart on a logarithmic or a linear scale.',
		run: ({dispatch}) => dispatch({type: 'scale'}),
	},
	{
		keys: ['b'], label: 'before/after', help: 'The first sample of the prompt beside the chosen one, or back.',
		why: context => context.pictures ? onlyOneStep(context) : noPictures(context), run: ({dispatch, state}) => dispatch({type: 'show', mode: state.mode === 'before-after' ? 'overview' : 'before-after'}),
	},
	{
		keys: ['i'], label: 'picture', help: 'Show the sample as large as the terminal allows, or go back.',
		why: noPictures, run: ({dispatch, state}) => dispatch({type: 'show', mode: state.mode === 'picture' ? 'overview' : 'picture'}),
	},
	{
		keys: ['e'], label: 'own sample', help: 'Draw one sample of a prompt that you type.',
		when: isLive, why: busy, run: ({dispatch}) => dispatch({type: 'show', mode: 'sample-prompt'}),
	},
	{
		keys: ['P'], label: 'prompts', help: 'Change what the samples show from now on.',
		when: isLive, why: busy, run: ({dispatch}) => dispatch({type: 'show', mode: 'prompts'}),
	},
	{
		keys: ['l'], label: 'rate', help: 'Lower the learning rates from the next step on.',
		when: isLive, why: busy, run: ({dispatch}) => dispatch({type: 'show', mode: 'rates'}),
	},
	{
		keys: ['+', '='], label: 'smoother', help: `Smooth the loss over more steps, up to ${widest}.`,
		why: ({state}) => state.smoothing === widest ? `The loss is smoothed over ${widest} steps already, the most there is.` : undefined, run: ({dispatch}) => dispatch({type: 'smoothing', by: 1}),
	},
	{
		keys: ['-'], label: '', help: `Smooth the loss over fewer steps, down to ${SMOOTHINGS[0]}.`,
		why: ({state}) => state.smoothing === SMOOTHINGS[0] ? `The loss is smoothed over ${SMOOTHINGS[0]} steps only, the fewest there are.` : undefined, run: ({dispatch}) => dispatch({type: 'smoothing', by: -1}),
	},
	{
		keys: ['ctrl+c'], label: '', help: 'Twice: close this window; training goes on.',
		run: context => isLive(context) ? context.dispatch({type: 'leaving'}) : context.leave(),
	},
	{
		keys: ['?'], label: 'help', help: 'This list.',
		run: ({dispatch, state}) => dispatch({type: 'show', mode: state.mode === 'help' ? 'overview' : 'help'}),
	},
];
