import {conceptSettings, settingOf, type Setting, type SettingKey} from '../../presets/index.ts';
import type {Answers} from './answers.ts';

export type StepKey = 'subject' | 'images' | 'model' | 'manner' | 'expert' | 'memory' | 'schedule' | 'samples' | 'review' | 'start';

export interface Step {
	readonly key: StepKey;
	readonly title: string;
	/** Of a step that is a form: its fields. */
	readonly settings?: readonly Setting[];
	/** Which answers make it a step at all. Default: always. */
	readonly when?: (answers: Answers) => boolean;
}

const ofConcept = (key: string): Setting => conceptSettings.find(setting => setting.key === key)!;
const own = ({subject, preset}: Answers): boolean => subject !== 'demo' || preset !== undefined;
const advised = (answers: Answers): boolean => own(answers) && answers.preset === undefined;

/** Whether the preset is kept is no setting of a run, but it is asked in the same form as the name. */
export const keepPreset: Setting = {
	type: 'toggle', key: 'keepPreset', cliFlag: '', group: 'saving', label: 'Keep as preset', default: true,
	help: 'Keep all these values under the same name, to start from them again.',
	longHelp: 'Presets are listed on the first page and by dreambooth presets. A preset is never overwritten without being asked.',
};

export const steps: readonly Step[] = [
	{key: 'subject', title: 'What to teach', when: ({preset}) => preset === undefined},
	{key: 'images', title: 'Your images', settings: ['instanceImages', 'instancePrompt'].map(ofConcept), when: own},
	{key: 'model', title: 'Base model', settings: forms('baseModel'), when: own},
	{key: 'manner', title: 'How', when: advised},
	{key: 'expert', title: 'All settings', when: answers => own(answers) && answers.manner === 'expert'},
	{key: 'memory', title: 'Memory', when: own},
	{key: 'schedule', title: 'Schedule', settings: forms('epochs', 'maxSteps', 'batchSize', 'learningRate'), when: own},
	{key: 'samples', title: 'Prompts and samples', settings: [...['classImagesPerInstance', 'classPrompt'].map(ofConcept), ...forms('samplePrompts', 'sampleEverySteps')], when: own},
	{key: 'review', title: 'Review'},
	{key: 'start', title: 'Name and start', settings: [...forms('name'), keepPreset]},
];

function forms(...keys: readonly SettingKey[]): readonly Setting[] {
	return keys.map(settingOf);
}

/** The steps of these answers, in order. */
export const stepsOf = (answers: Answers): readonly Step[] => steps.filter(({when}) => when?.(answers) ?? true);
