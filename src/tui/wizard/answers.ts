import {
	absolutePath, BaseModelError, conceptSettings, demoConfig, placementOf, planFor, readModelFacts, reasonsFor, recommendConfig, settings, subjectConfig,
	type Change, type Hardware, type MemoryPlan, type ModelFacts, type Placement, type Reason, type SettingValue, type Subject, type TrainingConfig,
} from '../../presets/index.ts';
import type {FieldValues} from '../fields/index.ts';
import {changeConcept, conceptsOf, firstConcepts, samplePromptsFor, type ConceptAnswers} from './concept-answers.ts';

export type SubjectChoice = 'demo' | Subject;

/** How the run should be: as good as the machine allows, quicker, in little memory, or every setting by hand. */
export type Manner = 'quality' | 'balanced' | 'small' | 'expert';

/** All that a person has said so far. Nothing else decides what the run will be, so going back loses nothing. */
export interface Answers {
	readonly subject: SubjectChoice;
	readonly manner: Manner;
	/** What was given by hand, for the demo and for own images. */
	readonly given: {readonly demo: Given; readonly own: Given};
	readonly keepPreset: {readonly demo: boolean; readonly own: boolean};
	/** The preset to begin with instead of advice. */
	readonly preset?: {readonly name: string; readonly config: TrainingConfig};
}

interface Given {
	/** By key of a setting. */
	readonly values: FieldValues;
	/** At least one. */
	readonly concepts: readonly ConceptAnswers[];
}

export type AnswerAction =
	| {readonly type: 'subject'; readonly subject: SubjectChoice}
	| {readonly type: 'manner'; readonly manner: Manner}
	/** `concept`: the number of the concept that a setting of concepts is given for; the first when left out. */
	| {readonly type: 'give'; readonly key: string; readonly value: SettingValue; readonly concept?: number}
	/** The advised value again. */
	| {readonly type: 'take back'; readonly key: string; readonly concept?: number}
	/** One more to teach, like the first, with a rare word of its own. */
	| {readonly type: 'add concept'; readonly word: string}
	/** There is one at least: the last one stays. */
	| {readonly type: 'remove concept'; readonly concept: number}
	| {readonly type: 'keep preset'; readonly keep: boolean};

export const firstAnswers = ({subject = 'demo', preset}: {subject?: SubjectChoice; preset?: Answers['preset']} = {}): Answers => ({
	subject, manner: 'quality', keepPreset: {demo: false, own: true}, ...(preset && {preset}),
	given: {demo: {values: {}, concepts: firstConcepts(1)}, own: {values: {}, concepts: firstConcepts(preset?.config.concepts.length ?? 1)}},
});

/** Which of the two sets of values counts. A preset has its own images, also when it came from the demo. */
const side = ({subject, preset}: Answers): 'demo' | 'own' => (subject === 'demo' && !preset ? 'demo' : 'own');

const givenOf = (answers: Answers): Given => answers.given[side(answers)];
export const conceptCount = (answers: Answers): number => givenOf(answers).concepts.length;

/** Whether the value was given by hand; `concept` as in the action. */
export const isGiven = (answers: Answers, key: string, concept = 0): boolean => {
	const {values, concepts} = givenOf(answers);
	return (isOfConcept(key) ? concepts[concept]?.given : values)?.[key] !== undefined;
};

/** The value of a setting so far, where advice has no say in it. */
export const chosenValue = <Key extends 'device' | 'gpu'>(answers: Answers, key: Key): TrainingConfig[Key] | undefined =>
	givenOf(answers).values[key] as TrainingConfig[Key] | undefined ?? answers.preset?.config[key];

export const keepsPreset = (answers: Answers): boolean => answers.keepPreset[side(answers)];

export function reduceAnswers(answers: Answers, action: AnswerAction): Answers {
	const at = side(answers);
	const {values, concepts} = givenOf(answers);
	const withGiven = (change: Partial<Given>): Answers => ({...answers, given: {...answers.given, [at]: {values, concepts, ...change}}});
	/** In the values of the config, or of a concept. */
	const withValues = (key: string, concept: number | undefined, change: (given: FieldValues) => FieldValues): Answers =>
		withGiven(isOfConcept(key) ? {concepts: changeConcept(concepts, concept ?? 0, change)} : {values: change(values)});
	switch (action.type) {
		case 'subject': {
			return {...answers, subject: action.subject};
		}

		case 'manner': {
			return {...answers, manner: action.manner};
		}

		case 'give': {
			return withValues(action.key, action.concept, given => ({...given, [action.key]: lasting(action.key, action.value)}));
		}

		case 'take back': {
			return withValues(action.key, action.concept, given => Object.fromEntries(Object.entries(given).filter(([key]) => key !== action.key)));
		}

		case 'add concept': {
			return withGiven({concepts: [...concepts, {base: action.word, given: {}}]});
		}

		case 'remove concept': {
			return concepts.length === 1 ? answers : withGiven({concepts: concepts.filter((_, index) => index !== action.concept)});
		}

		case 'keep preset': {
			return {...answers, keepPreset: {...answers.keepPreset, [at]: action.keep}};
		}
	}
}

/** The same value for a run that may be resumed from anywhere: paths are absolute. */
function lasting(key: string, value: SettingValue): SettingValue {
	const setting = [...settings, ...conceptSettings].find(each => each.key === key);
	return setting?.type === 'path' && typeof value === 'string' && value !== '' && !setting.words?.includes(value) ? absolutePath(value) : value;
}

export interface Outcome {
	readonly config: TrainingConfig;
	/** Why the values that the machine decides about are what they are, also those given by hand. */
	readonly reasons: readonly Reason[];
	readonly place: Placement;
	/** Absent while there is no readable base model. */
	readonly model?: ModelFacts;
	readonly plan?: MemoryPlan;
}

const conceptKeys: ReadonlySet<string> = new Set(conceptSettings.map(({key}) => key));
export const isOfConcept = (key: string): boolean => conceptKeys.has(key);

/** The config that the answers ask for on this machine, with the memory it takes. */
export function outcomeOf(answers: Answers, hardware: Hardware, {config: advised, changes, model}: Advice = adviceFor(answers, hardware)): Outcome {
	const {values, concepts: answered} = givenOf(answers);
	const concepts = conceptsOf(answered, advised.concepts);
	// A preset without prompts shows each concept as the concept says.
	const samplePrompts = answers.preset && advised.samplePrompts.length === 0 ? undefined : samplePromptsFor(answered, {advised: advised.concepts, made: concepts});
	const config: TrainingConfig = {...advised, ...(samplePrompts && {samplePrompts}), ...values, concepts};
	const place = placementOf(hardware, config);
	const reasons = reasonsFor({config, hardware, place, changes: changes.filter(({key}) => values[key] === undefined), ...(model && {model})});
	return {config, reasons, place, ...(model && {model, plan: planFor(config, model, place)})};
}

export interface Advice {
	readonly config: TrainingConfig;
	/** What was given up so that it fits. */
	readonly changes: readonly Change[];
	readonly model?: ModelFacts;
}

/** What would be without any value given by hand but the base model and the device. Reads the headers of its files; takes up to 0.2 s. */
export function adviceFor(answers: Answers, hardware: Hardware): Advice {
	const {subject, manner, preset} = answers;
	const baseModel = textOf(givenOf(answers).values.baseModel) ?? preset?.config.baseModel ?? (subject === 'demo' ? 'demo' : '');
	const model = factsOf(baseModel);
	const facts = model && {model};
	if (preset) {
		return {config: preset.config, changes: [], ...facts};
	}

	if (subject === 'demo') {
		return {config: demoConfig(), changes: [], ...facts};
	}

	const {config, changes} = recommendConfig(withRoomFor(manner, hardware), {baseModel, subject, device: chosenValue(answers, 'device'), gpu: chosenValue(answers, 'gpu'), ...facts});
	return {config: baseModel === 'demo' ? ownSubject(config, subject) : config, changes, ...facts};
}

const textOf = (value: SettingValue | undefined): string | undefined => (typeof value === 'string' ? value : undefined);

/** The model's sizes; undefined while there is no readable base model. */
function factsOf(baseModel: string): ModelFacts | undefined {
	try {
		return baseModel === '' ? undefined : readModelFacts(baseModel);
	} catch (error) {
		if (error instanceof BaseModelError) {
			return undefined;
		}

		throw error;
	}
}

/** The demo's values suit its model, whatever one teaches it. */
function ownSubject(demo: TrainingConfig, subject: Subject): TrainingConfig {
	const {name, concepts, samplePrompts} = subjectConfig(subject);
	return {...demo, name, concepts, samplePrompts};
}

/** What a small card has. */
const SMALL_BYTES = 6 * 2 ** 30;

/** The machine with as much free memory as the run may plan with. */
function withRoomFor(manner: Manner, hardware: Hardware): Hardware {
	const room = (free: number): number => (manner === 'balanced' ? free / 2 : manner === 'small' ? Math.min(free, SMALL_BYTES) : free);
	const {memory, gpu} = hardware;
	return {
		...hardware,
		memory: {...memory, availableBytes: room(memory.availableBytes)},
		gpu: gpu.state === 'present' ? {...gpu, gpus: gpu.gpus.map(card => ({...card, freeBytes: room(card.freeBytes)}))} : gpu,
	};
}

/** The value of a setting, of the config or of one of its concepts. */
export function valueOf(config: TrainingConfig, key: string, concept = 0): SettingValue | undefined {
	const values = (isOfConcept(key) ? config.concepts[concept] ?? {} : config) as unknown as Readonly<Record<string, SettingValue | undefined>>;
	return values[key];
}

/** Every value by key, as forms show them. */
export const valuesOf = (config: TrainingConfig, concept = 0): FieldValues =>
	Object.fromEntries([...settings, ...conceptSettings].map(({key, default: usual}) => [key, valueOf(config, key, concept) ?? usual]));
