import {conceptSettings, gpuFault, settingOf, wantsGpu, type Gpu, type Hardware, type ModelFacts, type Setting, type SettingKey} from '../../presets/index.ts';
import {chosenValue, conceptCount, type Answers} from './answers.ts';

export type StepKey = 'subject' | 'images' | 'model' | 'card' | 'manner' | 'expert' | 'memory' | 'schedule' | 'samples' | 'review' | 'start';

export interface Step {
	readonly key: StepKey;
	readonly title: string;
	/** Of a step that is a form: its fields. */
	readonly settings?: readonly Setting[];
}

interface StepDeclaration extends Omit<Step, 'settings'> {
	readonly settings?: readonly Setting[] | ((answers: Answers, model: ModelFacts | undefined) => readonly Setting[]);
	/** Which answers, and which machine, make it a step at all. Default: always. */
	readonly when?: (answers: Answers, hardware: Hardware) => boolean;
}

const ofConcept = (key: string): Setting => conceptSettings.find(setting => setting.key === key)!;
const own = ({subject, preset}: Answers): boolean => subject !== 'demo' || preset !== undefined;
const isSeveral = (answers: Answers): boolean => conceptCount(answers) > 1;
const advised = (answers: Answers): boolean => own(answers) && answers.preset === undefined;

/** Whether the preset is kept is no setting of a run, but it is asked in the same form as the name. */
export const keepPreset: Setting = {
	type: 'toggle', key: 'keepPreset', cliFlag: '', group: 'saving', label: 'Keep as preset', default: true,
	help: 'Keep all these values under the same name, to start from them again.',
	longHelp: 'Presets are listed on the first page and by dreambooth presets. A preset is never overwritten without being asked.',
};

/** The graphics cards to choose from; nothing is to be asked where there is but one, or the CPU trains. */
export const cardsToChoose = (answers: Answers, {gpu}: Hardware): readonly Gpu[] => {
	const usable = gpu.state === 'present' && wantsGpu(chosenValue(answers, 'device') ?? 'auto') ? gpu.gpus.filter(card => gpuFault(card) === undefined) : [];
	return usable.length > 1 ? usable : [];
};

const imageQuestions = ['instanceImages', 'instancePrompt'].map(ofConcept);
const classQuestions = ['classImagesPerInstance', 'classPrompt'].map(ofConcept);

const steps: readonly StepDeclaration[] = [
	{key: 'subject', title: 'What to teach', when: ({preset}) => preset === undefined},
	{key: 'images', title: 'Your images', settings: answers => (isSeveral(answers) ? [...imageQuestions, ...classQuestions] : imageQuestions), when: own},
	{key: 'model', title: 'Base model', settings: (_, model) => forms('baseModel', ...(model?.ema ? ['baseModelEma'] as const : [])), when: own},
	{key: 'card', title: 'Graphics card', when: (answers, hardware) => own(answers) && cardsToChoose(answers, hardware).length > 0},
	{key: 'manner', title: 'How', when: advised},
	{key: 'expert', title: 'All settings', when: answers => own(answers) && answers.manner === 'expert'},
	{key: 'memory', title: 'Memory', when: own},
	{key: 'schedule', title: 'Schedule', settings: forms('epochs', 'maxSteps', 'batchSize', 'learningRate'), when: own},
	{key: 'samples', title: 'Prompts and samples', settings: answers => [...(isSeveral(answers) ? [] : classQuestions), ...forms('samplePrompts', 'sampleEverySteps')], when: own},
	{key: 'review', title: 'Review'},
	{key: 'start', title: 'Name and start', settings: [...forms('name'), keepPreset]},
];

function forms(...keys: readonly SettingKey[]): readonly Setting[] {
	return keys.map(settingOf);
}

/** The steps of these answers on this machine, in order. `model`: what is known of the base model. */
export const stepsOf = (answers: Answers, hardware: Hardware, model?: ModelFacts): readonly Step[] => steps
	.filter(({when}) => when?.(answers, hardware) ?? true)
	.map(({key, title, settings}) => ({key, title, ...(settings && {settings: typeof settings === 'function' ? settings(answers, model) : settings})}));
