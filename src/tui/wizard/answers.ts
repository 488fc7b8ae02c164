import {
	conceptSettings, defaultConcept, demoConfig, recommendConfig, settings, subjectConfig,
	type Concept, type Hardware, type Reason, type SettingValue, type Subject, type TrainingConfig,
} from '../../presets/index.ts';
import type {FieldValues} from '../fields/index.ts';
import {promptsFrom} from './prompts.ts';

export type SubjectChoice = 'demo' | Subject;

/** How the run should be: as good as the machine allows, quicker, in little memory, or every setting by hand. */
export type Manner = 'quality' | 'balanced' | 'small' | 'expert';

/** All that a person has said so far. Nothing else decides what the run will be, so going back loses nothing. */
export interface Answers {
	readonly subject: SubjectChoice;
	readonly manner: Manner;
	/** Values given by hand, by key of a setting or of a setting of the concept; for the demo and for own images. */
	readonly given: {readonly demo: FieldValues; readonly own: FieldValues};
	readonly keepPreset: {readonly demo: boolean; readonly own: boolean};
	/** The preset to begin with instead of advice. */
	readonly preset?: {readonly name: string; readonly config: TrainingConfig};
}

export type AnswerAction =
	| {readonly type: 'subject'; readonly subject: SubjectChoice}
	| {readonly type: 'manner'; readonly manner: Manner}
	| {readonly type: 'give'; readonly key: string; readonly value: SettingValue}
	/** The advised value again. */
	| {readonly type: 'take back'; readonly key: string}
	| {readonly type: 'keep preset'; readonly keep: boolean};

export const firstAnswers = ({subject = 'demo', preset}: {subject?: SubjectChoice; preset?: Answers['preset']} = {}): Answers => ({
	subject, manner: 'quality', given: {demo: {}, own: {}}, keepPreset: {demo: false, own: true}, ...(preset && {preset}),
});

/** Which of the two sets of values counts. A preset has its own images, also when it came from the demo. */
const side = ({subject, preset}: Answers): 'demo' | 'own' => (subject === 'demo' && !preset ? 'demo' : 'own');

export const givenValues = (answers: Answers): FieldValues => answers.given[side(answers)];
export const keepsPreset = (answers: Answers): boolean => answers.keepPreset[side(answers)];

export function reduceAnswers(answers: Answers, action: AnswerAction): Answers {
	const at = side(answers);
	switch (action.type) {
		case 'subject': {
			return {...answers, subject: action.subject};
		}

		case 'manner': {
			return {...answers, manner: action.manner};
		}

		case 'give': {
			return {...answers, given: {...answers.given, [at]: {...answers.given[at], [action.key]: action.value}}};
		}

		case 'take back': {
			const {[action.key]: _, ...others} = answers.given[at];
			return {...answers, given: {...answers.given, [at]: others}};
		}

		case 'keep preset': {
			return {...answers, keepPreset: {...answers.keepPreset, [at]: action.keep}};
		}
	}
}

export interface Outcome {
	readonly config: TrainingConfig;
	/** What it would be without any value given by hand. */
	readonly advised: TrainingConfig;
	readonly reasons: readonly Reason[];
}

const conceptKeys: ReadonlySet<string> = new Set(conceptSettings.map(({key}) => key));
export const isOfConcept = (key: string): boolean => conceptKeys.has(key);

/** The config that the answers ask for on this machine. Reads the headers of the base model's files. */
export function outcomeOf(answers: Answers, hardware: Hardware): Outcome {
	const given = givenValues(answers);
	const {config: advised, reasons} = adviceFor(answers, hardware);
	const [concept = defaultConcept(), ...others] = advised.concepts;
	const prompts = typeof given.instancePrompt === 'string' ? promptsFrom(given.instancePrompt) : undefined;
	const ofConcept = Object.fromEntries(Object.entries(given).filter(([key]) => isOfConcept(key)));
	const ofConfig = Object.fromEntries(Object.entries(given).filter(([key]) => !isOfConcept(key)));
	return {
		reasons,
		advised,
		config: {
			...advised,
			...(prompts && {samplePrompts: prompts.samplePrompts}),
			...ofConfig,
			concepts: [withoutEmpty({...concept, ...(prompts?.classPrompt !== undefined && {classPrompt: prompts.classPrompt}), ...ofConcept}), ...others],
		},
	};
}

function adviceFor({subject, manner, preset, given}: Answers, hardware: Hardware): Pick<Outcome, 'reasons'> & {config: TrainingConfig} {
	if (preset) {
		return {config: preset.config, reasons: []};
	}

	if (subject === 'demo') {
		return {config: demoConfig(), reasons: []};
	}

	const baseModel = typeof given.own.baseModel === 'string' ? given.own.baseModel : '';
	const {config: recommended, reasons} = recommendConfig(manner === 'balanced' ? halved(hardware) : hardware, {baseModel, subject});
	const config = baseModel === 'demo' ? ownSubject(recommended, subject) : recommended;
	return manner === 'small' ? {config: {...config, ...savers}, reasons: [...reasons, ...saverReasons]} : {config, reasons};
}

/** The demo's values suit its model, whatever one teaches it. */
function ownSubject(demo: TrainingConfig, subject: Subject): TrainingConfig {
	const {name, concepts, samplePrompts} = subjectConfig(subject);
	return {...demo, name, concepts, samplePrompts};
}

/** The machine when half of its free memory is left to others. */
const halved = (hardware: Hardware): Hardware => ({...hardware, memory: {...hardware.memory, availableBytes: hardware.memory.availableBytes / 2}});

/** What takes least memory, whatever the machine has. */
const savers = {gradientCheckpointing: true, attention: 'chunked', trainTextEncoder: false, batchSize: 1, ema: false} as const satisfies Partial<TrainingConfig>;

const saverReasons: readonly Reason[] = [
	{key: 'gradientCheckpointing', value: true, reason: 'You asked for little memory: activations are computed again instead of kept.'},
	{key: 'attention', value: 'chunked', reason: 'You asked for little memory: attention piece by piece.'},
	{key: 'trainTextEncoder', value: false, reason: 'You asked for little memory: the text encoder stays as it is, at a price in likeness.'},
];

/** Optional texts and paths of a concept are absent rather than empty. */
const withoutEmpty = (concept: Concept): Concept =>
	Object.fromEntries(Object.entries(concept).filter(([key, value]) => value !== '' || key === 'instanceImages' || key === 'instancePrompt')) as unknown as Concept;

/** The value of a setting, of the config or of its first concept. */
export function valueOf(config: TrainingConfig, key: string): SettingValue | undefined {
	const values = (isOfConcept(key) ? config.concepts[0] ?? {} : config) as unknown as Readonly<Record<string, SettingValue | undefined>>;
	return values[key];
}

/** Every value by key, as forms show them. */
export const valuesOf = (config: TrainingConfig): FieldValues =>
	Object.fromEntries([...settings, ...conceptSettings].map(({key, default: usual}) => [key, valueOf(config, key) ?? usual]));
