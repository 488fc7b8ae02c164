import {isEnded, type Command} from '../../train/protocol/index.ts';
import type {KeyBinding} from '../keys.ts';
import type {RunView} from '../run/index.ts';
import type {DashboardAction, DashboardState} from './dashboard-state.ts';

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

const isLive = ({view}: DashboardContext): boolean => !isEnded(view.status);
const isStarting = ({view}: DashboardContext): boolean => view.status === 'starting';
const notYet = (context: DashboardContext): string | undefined => isStarting(context) ? 'The run is still starting; it will listen when training has begun.' : undefined;
const noSamples = ({view}: DashboardContext): string | undefined => view.samples.length === 0 ? 'There is no sample image yet.' : undefined;
const promptCount = ({view, state}: DashboardContext): number => Math.max(0, ...view.samples.filter(({step}) => state.sampleStep === undefined || step === state.sampleStep).map(({images}) => images.length));

/** In the order of the footer; the last one is always shown. */
export const dashboardKeys: readonly Binding[] = [
	{
		keys: ['esc'], label: 'back', help: 'Back to the overview.',
		when: ({state}) => state.mode !== 'overview', run: ({dispatch}) => dispatch({type: 'show', mode: 'overview'}),
	},
	{
		keys: ['d'], label: 'detach', help: 'Close this window; training goes on. Come back with: dreambooth attach',
		when: isLive, run: ({leave}) => leave(),
	},
	{
		keys: ['q', 'd', 'enter'], label: 'close', help: 'Close this window.',
		when: context => !isLive(context), run: ({leave}) => leave(),
	},
	{
		keys: ['p'], label: 'pause', help: 'Pause after the current step; the model stays in memory.',
		when: context => isLive(context) && context.view.status !== 'paused', why: notYet, run: ({order}) => order({type: 'pause'}),
	},
	{
		keys: ['p'], label: 'resume', help: 'Go on where training was paused.',
		when: ({view}) => view.status === 'paused', run: ({order}) => order({type: 'resume'}),
	},
	{
		keys: ['x'], label: 'stop', help: 'Stop training; asks first.',
		when: isLive, run: ({dispatch}) => dispatch({type: 'show', mode: 'confirm-stop'}),
	},
	{
		keys: ['s'], label: 'sample', help: 'Draw sample images after the current step.',
		when: isLive, why: notYet, run: ({order}) => order({type: 'sample-now'}),
	},
	{
		keys: ['left'], label: 'samples', help: 'Samples of an earlier step.',
		why: noSamples, run: ({dispatch, view}) => dispatch({type: 'sample', by: -1, samples: view.samples}),
	},
	{
		keys: ['right'], label: '', help: 'Samples of a later step; past the last one the newest are followed.',
		why: noSamples, run: ({dispatch, view}) => dispatch({type: 'sample', by: 1, samples: view.samples}),
	},
	{
		keys: ['up'], label: '', help: 'Sample of the prompt before.',
		why: noSamples, run: context => context.dispatch({type: 'prompt', by: -1, count: promptCount(context)}),
	},
	{
		keys: ['down'], label: '', help: 'Sample of the next prompt.',
		why: noSamples, run: context => context.dispatch({type: 'prompt', by: 1, count: promptCount(context)}),
	},
	{
		keys: ['end'], label: '', help: 'Follow the newest samples.',
		why: noSamples, run: ({dispatch}) => dispatch({type: 'newest-sample'}),
	},
	{
		keys: ['c'], label: 'save', help: 'Save the whole training state after the current step.',
		when: isLive, why: notYet, run: ({order}) => order({type: 'checkpoint-now'}),
	},
	{
		keys: ['y'], label: 'log', help: 'Show the loss on a logarithmic or a linear scale.',
		run: ({dispatch}) => dispatch({type: 'scale'}),
	},
	{
		keys: ['i'], label: 'picture', help: 'Show the sample as large as the terminal allows, or go back.',
		why: context => context.pictures ? noSamples(context) : 'This terminal shows no pictures (colours are off); open the file whose path is shown.',
		run: ({dispatch, state}) => dispatch({type: 'show', mode: state.mode === 'picture' ? 'overview' : 'picture'}),
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

/** While the question is on the screen nothing else is listened to. */
export const stopKeys: readonly Binding[] = [
	{
		keys: ['y'], label: 'save, then stop', help: 'Finish the step, write a checkpoint, end.',
		run: context => stop(context, 'save'),
	},
	{
		keys: ['w'], label: 'stop without saving', help: 'End after the current step; the last checkpoint stays.',
		run: context => stop(context, 'now'),
	},
	{
		keys: ['esc', 'n', 'ctrl+c'], label: 'keep training', help: 'Do not stop.',
		run: ({dispatch}) => dispatch({type: 'show', mode: 'overview'}),
	},
];

function stop({dispatch, order}: DashboardContext, when: 'now' | 'save'): void {
	dispatch({type: 'show', mode: 'overview'});
	order({type: 'stop', when});
}
