import {
	absolutePath, BaseModelError, conceptSettings, defaultConcept, demoConfig, placementOf, planFor, readModelFacts, reasonsFor, recommendConfig, settings, subjectConfig,
	type Change, type Concept, type Hardware, type MemoryPlan, type ModelFacts, type Placement, type Reason, type SettingValue, type Subject, type TrainingConfig,
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
			return {...answers, given: {...answers.given, [at]: {...answers.given[at], [action.key]: lasting(action.key, action.value)}}};
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
	const given = givenValues(answers);
	const [concept = defaultConcept(), ...others] = advised.concepts;
	const prompts = typeof given.instancePrompt === 'string' ? promptsFrom(given.instancePrompt) : undefined;
	const ofConcept = Object.fromEntries(Object.entries(given).filter(([key]) => isOfConcept(key)));
	const ofConfig = Object.fromEntries(Object.entries(given).filter(([key]) => !isOfConcept(key)));
	const config: TrainingConfig = {
		...advised,
		...(prompts && {samplePrompts: prompts.samplePrompts}),
		...ofConfig,
		concepts: [withoutEmpty({...concept, ...(prompts?.classPrompt !== undefined && {classPrompt: prompts.classPrompt}), ...ofConcept}), ...others],
	};
	const place = placementOf(hardware, {device: config.device});
	const reasons = reasonsFor({config, hardware, place, changes: changes.filter(({key}) => given[key] === undefined), ...(model && {model})});
	return {config, reasons, place, ...(model && {model, plan: planFor(config, model, place)})};
}

export interface Advice {
	readonly config: TrainingConfig;
	/** What was given up so that it fits. */
	readonly changes: readonly Change[];
	readonly model?: ModelFacts;
}

/** What would be without any value given by hand but the base model. Reads the headers of its files; takes up to 0.2 s. */
export function adviceFor({subject, manner, preset, given}: Answers, hardware: Hardware): Advice {
	const baseModel = textOf(given[preset || subject !== 'demo' ? 'own' : 'demo'].baseModel) ?? preset?.config.baseModel ?? (subject === 'demo' ? 'demo' : '');
	const model = factsOf(baseModel);
	const facts = model && {model};
	if (preset) {
		return {config: preset.config, changes: [], ...facts};
	}

	if (subject === 'demo') {
		return {config: demoConfig(), changes: [], ...facts};
	}

	const {config, changes} = recommendConfig(withRoomFor(manner, hardware), {baseModel, subject, ...facts});
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
