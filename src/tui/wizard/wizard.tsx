import {useCallback, useMemo, useReducer, useRef, useState} from 'react';
import {checkBeforeStart, explainSetting, isBlocking, type Hardware, type PresetStore, type Problem, type TrainingConfig} from '../../presets/index.ts';
import type {PathCheck} from '../fields/index.ts';
import type {MenuItem} from '../menu.tsx';
import type {Area, Notice} from '../page.tsx';
import type {PictureCache} from '../term/index.ts';
import {TextPage} from '../text-page.tsx';
import {adviceFor, keepsPreset, outcomeOf, reduceAnswers, valuesOf, type AnswerAction, type Answers, type Manner, type Outcome, type SubjectChoice} from './answers.ts';
import {cardFaults, cardItems, chosenCard} from './card-items.ts';
import {ChoiceStep} from './choice-step.tsx';
import {checkBaseModel, checkImageFolder} from './folder-checks.ts';
import {FormStep} from './form-step.tsx';
import {ImagesStep} from './images-step.tsx';
import {MemoryStep} from './memory-step.tsx';
import {SettingsStep} from './settings-step.tsx';
import {cardsToChoose, keepPreset, stepsOf, type StepKey} from './steps.ts';
import type {StepProps} from './step-context.ts';
import {useSchedule} from './use-schedule.ts';
import {saveAndStart} from './save-and-start.ts';

export interface WizardProps {
	readonly area: Area;
	readonly hardware: Hardware;
	readonly store: PresetStore;
	readonly pictures: PictureCache;
	/** What is answered before the first question. */
	readonly initial: Answers;
	/** The first one when left out. */
	readonly firstStep?: StepKey;
	/** What the person should know before any run starts. */
	readonly warnings?: readonly string[];
	/** Resolves when the run can be watched; rejects with what stands in its way. */
	readonly start: (config: TrainingConfig) => Promise<void>;
	readonly onLeave: () => void;
	/** Ctrl-C twice. */
	readonly onQuit: () => void;
}

const subjectItems: readonly MenuItem<SubjectChoice>[] = [
	{key: 'demo', label: 'Try it: teach the demo model a new toy', help: 'Model and photos come with this program. Takes about two minutes on two cores; nothing is downloaded.'},
	{key: 'person', label: 'A person', help: 'A face and figure, from 5 to 20 photos. Class images keep all other people as they are.'},
	{key: 'animal', label: 'An animal', help: 'A pet, from 5 to 20 photos. Class images keep its kind as it is.'},
	{key: 'object', label: 'An object', help: 'A thing or a toy, from 5 to 20 photos. No class images are needed.'},
	{key: 'style', label: 'A style', help: 'A way of drawing or photographing, from 10 to 50 pictures. No class images are needed.'},
];

const mannerItems: readonly MenuItem<Manner>[] = [
	{key: 'quality', label: 'Quality', help: 'The best that fits this machine. Memory is saved only where it must be.'},
	{key: 'balanced', label: 'Balanced', help: 'The best that fits in half of the free memory; the rest is left to others.'},
	{key: 'small', label: 'Fits small cards', help: 'What fits in 6 GiB, wherever it runs: speed is given up before likeness.'},
	{key: 'expert', label: 'Expert', help: 'As Quality, and then every setting by hand, with search by English, Chinese and the extension\'s names.'},
];

/** Advice takes longest, and most answers do not change it. */
function useOutcome(answers: Answers, hardware: Hardware): Outcome {
	const {subject, manner, preset, given: {own: {values: own}, demo: {values: demo}}} = answers;
	// oxlint-disable-next-line react/exhaustive-deps -- these parts of the answers are what advice depends on
	const advice = useMemo(() => adviceFor(answers, hardware), [subject, manner, preset, own.baseModel, demo.baseModel, own.device, own.gpu, hardware]);
	return useMemo(() => outcomeOf(answers, hardware, advice), [answers, hardware, advice]);
}

/** What was said on a step about its answers. */
interface Said {
	readonly stepKey: StepKey;
	readonly answers: Answers;
	readonly notices: readonly Notice[];
	/** Ctrl-C was pressed once. */
	readonly isQuestion: boolean;
}

/** From the first question to the start of a run. Every step shows what the answers so far make of the config. */
export function Wizard({area, hardware, store, pictures, initial, firstStep, warnings = [], start, onLeave, onQuit}: WizardProps) {
	const [answers, dispatch] = useReducer(reduceAnswers, initial);
	const outcome = useOutcome(answers, hardware);
	const steps = stepsOf(answers, hardware, outcome.model);
	const [stepKey, setStepKey] = useState<StepKey>(firstStep ?? steps[0]!.key);
	const at = Math.max(0, steps.findIndex(({key}) => key === stepKey));
	const step = steps[at]!;
	const [said, setSaid] = useState<Said>();
	const [explained, setExplained] = useState<{readonly key?: string}>();
	const isStarting = useRef(false);
	const schedule = useSchedule(outcome, hardware);
	const say = (notice: Notice, {isQuestion = false} = {}): void => setSaid({stepKey, answers, notices: [notice], isQuestion});
	// What was said belongs to the step, and an answer changes what there is to say.
	const standingSaid = said?.stepKey === stepKey && said.answers === answers ? said : undefined;

	const launch = async (): Promise<void> => {
		isStarting.current = true;
		say({text: 'Starting the run ...', look: 'dim'});
		const failure = await saveAndStart(outcome.config, {store, start, keep: keepsPreset(answers), ...(answers.preset && {loaded: answers.preset.name})});
		isStarting.current = false;
		if (failure !== undefined) {
			say({text: failure, look: 'bad'});
		}
	};

	const goOn = async (): Promise<void> => {
		const {problems} = await checkBeforeStart(outcome.config, {gpus: hardware.gpu, gpu: outcome.place.device === 'gpu'});
		const blocking = problems.find(problem => isBlocking(problem) && concerns(step, problem));
		if (blocking) {
			say({text: `${blocking.message} ${blocking.cure}`, look: 'bad'});
		} else if (step.key === 'start') {
			await launch();
		} else {
			setStepKey(steps[at + 1]!.key);
		}
	};

	const next = (answer?: AnswerAction): void => {
		if (answer) {
			dispatch(answer);
			// The steps that follow may be those of the new answer.
			setStepKey(stepsOf(reduceAnswers(answers, answer), hardware)[at + 1]!.key);
		} else if (!isStarting.current) {
			void goOn();
		}
	};

	const back = (): void => {
		if (at === 0) {
			onLeave();
		} else {
			setStepKey(steps[at - 1]!.key);
		}
	};

	const interrupt = (): void => {
		if (standingSaid?.isQuestion) {
			onQuit();
		} else {
			say({text: 'Ctrl-C again leaves; nothing has been started.', look: 'warn'}, {isQuestion: true});
		}
	};

	const resolution = outcome.config.resolution;
	const checks = useMemo<Readonly<Record<string, PathCheck>>>(() => ({
		instanceImages: async folder => checkImageFolder(folder, resolution),
		classImages: async folder => checkImageFolder(folder, resolution),
		baseModel: checkBaseModel,
	}), [resolution]);
	const recent = useCallback((key: string) => key === 'baseModel' ? store.recent('baseModels') : key === 'instanceImages' ? store.recent('imageFolders') : [], [store]);
	if (explained) {
		return <TextPage title={explained.key === undefined ? 'Help' : 'About this setting'} text={explained.key === undefined ? wizardHelp : explainSetting(explained.key)} area={area} onClose={() => setExplained(undefined)}/>;
	}

	const common: StepProps = {
		step, place: `step ${at + 1} of ${steps.length}`, area, answers, outcome, hardware, checks, recent, dispatch, back, interrupt,
		notices: standingSaid?.notices ?? standing(step.key, {schedule, warnings, answers, hardware, config: outcome.config}),
		next,
		explain: key => setExplained(key === undefined || key === keepPreset.key ? {} : {key}),
	};
	return <StepView key={step.key} pictures={pictures} {...common}/>;
}

function StepView({pictures, ...props}: StepProps & {pictures: PictureCache}) {
	const {step, answers, outcome, hardware, next} = props;
	switch (step.key) {
		case 'images': {
			return <ImagesStep {...props} pictures={pictures}/>;
		}

		case 'card': {
			const chosen = chosenCard(outcome.config.gpu, hardware);
			return <ChoiceStep {...props} items={cardItems(cardsToChoose(answers, hardware))} chosen={chosen} onChoose={gpu => next({type: 'give', key: 'gpu', value: gpu})}/>;
		}

		case 'subject': {
			return <ChoiceStep {...props} items={subjectItems} chosen={answers.subject} onChoose={subject => next({type: 'subject', subject})}/>;
		}

		case 'manner': {
			return <ChoiceStep {...props} items={mannerItems} chosen={answers.manner} onChoose={manner => next({type: 'manner', manner})}/>;
		}

		case 'memory': {
			return <MemoryStep {...props}/>;
		}

		case 'expert':
		case 'review': {
			return <SettingsStep {...props} startsWhole={step.key === 'expert'}/>;
		}

		default: {
			const values = {...valuesOf(outcome.config), [keepPreset.key]: keepsPreset(answers)};
			// The cursor begins where something is missing, else at the button: Enter is enough for who agrees.
			const missing = step.settings?.find(({key}) => key === 'baseModel' && values[key] === '');
			return <FormStep {...props} values={values} {...(missing && {firstKey: missing.key})}/>;
		}
	}
}

/** Whether a problem is about something that this step asks; the start is about everything. */
const concerns = ({key, settings = []}: {readonly key: StepKey; readonly settings?: readonly {readonly key: string}[]}, problem: Problem): boolean =>
	key === 'start' || settings.some(setting => setting.key === problem.key.split('.').at(-1));

/** What stands on a step while nothing else is said. */
function standing(step: StepKey, {schedule, warnings, answers, hardware, config}: {schedule: string | undefined; warnings: readonly string[]; answers: Answers; hardware: Hardware; config: TrainingConfig}): readonly Notice[] {
	switch (step) {
		case 'card': {
			return cardFaults(hardware).map(text => ({text, look: 'warn'}));
		}

		case 'schedule':
		case 'review': {
			return schedule === undefined ? [] : [{text: schedule, look: 'dim'}];
		}

		case 'start': {
			const kept = keepsPreset(answers) ? `keeps the preset ${config.name} and ` : '';
			return [...warnings.map(text => ({text, look: 'warn'} as const)), {text: `The button ${kept}starts training. It goes on when you close the terminal.${schedule === undefined ? '' : ` ${schedule}`}`, look: 'dim'}];
		}

		default: {
			return [];
		}
	}
}

const wizardHelp = `Answer each step, or take what is advised: Enter is enough.

Enter        takes the choice, opens a field, presses the button
Up, Down     move; Tab moves on as well
1 to 9       take a choice at once
Right        the next step
Left, Esc    the step before; nothing is lost
Space        changes an option in a list
a            adds one more subject, where the images are asked for
/            searches all settings, in the review and in the expert's list
?            explains the setting under the cursor
Ctrl-C       twice leaves`;
