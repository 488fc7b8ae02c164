import os from 'node:os';
import path from 'node:path';
import {describe, expect, test} from 'vitest';
import {asset, demoConfig, type Gpu, type Hardware} from '../../../src/presets/index.ts';
import {firstAnswers, isGiven, keepsPreset, outcomeOf, reduceAnswers, valueOf, type AnswerAction, type Answers} from '../../../src/tui/wizard/answers.ts';
import {freeRareWord, promptsFrom, withRareWord} from '../../../src/tui/wizard/prompts.ts';
import {changedRows, foundRows, shownValue} from '../../../src/tui/wizard/setting-rows.ts';
import {stepsOf} from '../../../src/tui/wizard/steps.ts';
import {machine} from '../app-world.tsx';

const after = (...actions: readonly AnswerAction[]): Answers => actions.reduce(reduceAnswers, firstAnswers());
const give = (key: string, value: string | number | boolean): AnswerAction => ({type: 'give', key, value});

describe('answers', () => {
	test('values for own images do not touch the demo, nor the other way round', () => {
		const answers = after(give('maxSteps', 7), {type: 'subject', subject: 'object'}, give('epochs', 20), give('instanceImages', '/photos'));
		expect(outcomeOf(answers, machine).config).toMatchObject({epochs: 20, maxSteps: 0, concepts: [{instanceImages: '/photos'}]});
		const demo = reduceAnswers(answers, {type: 'subject', subject: 'demo'});
		expect(outcomeOf(demo, machine).config).toEqual({...demoConfig(), maxSteps: 7});
		const again = reduceAnswers(demo, {type: 'subject', subject: 'style'});
		expect(outcomeOf(again, machine).config).toMatchObject({epochs: 20, maxSteps: 0, concepts: [{instanceImages: '/photos'}]});
		expect(['epochs', 'instanceImages', 'maxSteps'].map(key => isGiven(again, key))).toEqual([true, true, false]);
	});

	test('paths are absolute, whichever folder the run is resumed from; the word demo is no path', () => {
		const answers = after({type: 'subject', subject: 'object'}, give('instanceImages', 'photos/'), give('baseModel', '~/models/sd15'));
		expect(outcomeOf(answers, machine).config).toMatchObject({baseModel: path.join(os.homedir(), 'models/sd15'), concepts: [{instanceImages: path.resolve('photos')}]});
		expect(outcomeOf(reduceAnswers(answers, give('baseModel', 'demo')), machine).config.baseModel).toBe('demo');
	});

	test('which weights to start from is asked where the base model has two', () => {
		const answers = after({type: 'subject', subject: 'object'}, give('baseModel', 'demo'));
		const {model} = outcomeOf(answers, machine);
		const asked = (ema: boolean) => stepsOf(answers, machine, {...model!, ema}).find(({key}) => key === 'model')?.settings?.map(({key}) => key);
		expect([asked(false), asked(true)]).toEqual([['baseModel'], ['baseModel', 'baseModelEma']]);
	});

	test('a value taken back is the advised one again', () => {
		const answers = after({type: 'subject', subject: 'person'}, give('epochs', 20), {type: 'take back', key: 'epochs'});
		expect(outcomeOf(answers, machine).config.epochs).toBe(150);
	});

	test('an empty class prompt is left out, an empty folder of images stays to be asked for', () => {
		const [concept] = outcomeOf(after({type: 'subject', subject: 'person'}, give('classPrompt', '')), machine).config.concepts;
		expect(concept).not.toHaveProperty('classPrompt');
		expect(concept).toHaveProperty('instanceImages', '');
	});

	test('the demo model taught something else keeps its own values and not the demo\'s subject', () => {
		const {config} = outcomeOf(after({type: 'subject', subject: 'animal'}, give('baseModel', 'demo')), machine);
		expect(config).toMatchObject({baseModel: 'demo', learningRate: 1.3e-4, resolution: 64, concepts: [{instancePrompt: 'a photo of sks dog', instanceImages: ''}]});
	});

	test('a preset is taken as it is, with what is given on top', () => {
		const preset = {name: 'mine', config: {...demoConfig(), name: 'mine', batchSize: 3}};
		const answers = reduceAnswers(firstAnswers({preset}), give('learningRate', 5e-6));
		expect(outcomeOf(answers, machine).config).toEqual({...preset.config, learningRate: 5e-6});
		expect(keepsPreset(answers)).toBe(true);
	});

	test('a manner that leaves memory to others gets a config that fits in what is left', () => {
		const asked = [{type: 'subject', subject: 'person'}, give('baseModel', asset('demo', 'base'))] as const;
		const {peakBytes} = outcomeOf(after(...asked), machine).plan!;
		// The best config fits all of this memory, and not half of it.
		const tight = {...machine, memory: {...machine.memory, availableBytes: (peakBytes * 1.95) / 0.9}};
		expect(outcomeOf(after(...asked), tight).plan!.peakBytes).toBe(peakBytes);
		const {plan, reasons} = outcomeOf(after(...asked, {type: 'manner', manner: 'balanced'}), tight);
		expect(plan!.peakBytes).toBeLessThan(peakBytes);
		expect(plan!.peakBytes).toBeLessThanOrEqual((tight.memory.availableBytes / 2) * 0.9);
		expect(reasons.length).toBeGreaterThan(3);
	});

	test('the three options that the program is about have a reason, whatever was chosen', () => {
		for (const answers of [firstAnswers(), firstAnswers({subject: 'style'}), after({type: 'subject', subject: 'person'}, give('attention', 'full'), give('precision', 'bf16'))]) {
			const {config, reasons} = outcomeOf(answers, machine);
			for (const key of ['precision', 'attention', 'cacheLatents'] as const) {
				expect(reasons.find(reason => reason.key === key)).toMatchObject({value: config[key], reason: expect.stringMatching(/^(?:On|Off): /)});
			}
		}
	});
});

describe('several concepts', () => {
	const two = after({type: 'subject', subject: 'animal'}, give('instanceImages', '/cat'), give('instancePrompt', 'a photo of sks cat'), {type: 'add concept', word: 'zwx'});
	const concepts = (answers: Answers) => outcomeOf(answers, machine).config.concepts;

	test('one more is like the first, without its images and under a name of its own', () => {
		expect(concepts(two)).toMatchObject([
			{instanceImages: '/cat', instancePrompt: 'a photo of sks cat', classPrompt: 'a photo of a cat', classImagesPerInstance: 5},
			{instanceImages: '', instancePrompt: 'a photo of zwx dog', classPrompt: 'a photo of a dog', classImagesPerInstance: 5},
		]);
	});

	test('each has its own values; prompts and samples follow those of all', () => {
		const answers = reduceAnswers(reduceAnswers(two, {type: 'give', key: 'instancePrompt', value: 'a photo of zwx owl', concept: 1}), {type: 'give', key: 'classImagesPerInstance', value: 2, concept: 1});
		expect(concepts(answers)).toMatchObject([{instancePrompt: 'a photo of sks cat', classImagesPerInstance: 5}, {instancePrompt: 'a photo of zwx owl', classPrompt: 'a photo of an owl', classImagesPerInstance: 2}]);
		expect(outcomeOf(answers, machine).config.samplePrompts).toEqual(['a photo of sks cat', 'a photo of zwx owl', 'a photo of a cat', 'a photo of an owl']);
		expect([isGiven(answers, 'classImagesPerInstance', 0), isGiven(answers, 'classImagesPerInstance', 1)]).toEqual([false, true]);
		expect(concepts(reduceAnswers(answers, {type: 'take back', key: 'classImagesPerInstance', concept: 1}))[1]).toMatchObject({classImagesPerInstance: 5});
	});

	test('what is removed leaves the values of the others where they are; the last one stays', () => {
		const rest = reduceAnswers(reduceAnswers(two, {type: 'give', key: 'instanceImages', value: '/owl', concept: 1}), {type: 'remove concept', concept: 0});
		expect(concepts(rest)).toMatchObject([{instanceImages: '/owl', instancePrompt: 'a photo of zwx dog'}]);
		expect(concepts(reduceAnswers(rest, {type: 'remove concept', concept: 0}))).toHaveLength(1);
	});

	test('of a preset are all there, and can be removed', () => {
		const [robot] = demoConfig().concepts;
		const config = {...demoConfig(), samplePrompts: [], concepts: [robot!, {...robot!, instancePrompt: 'a photo of zwx cup', classPrompt: 'a photo of a cup'}]};
		const answers = firstAnswers({preset: {name: 'a', config}});
		expect(outcomeOf(answers, machine).config).toEqual(config);
		expect(outcomeOf(reduceAnswers(answers, {type: 'remove concept', concept: 0}), machine).config).toEqual({...config, concepts: [config.concepts[1]]});
	});

	test('are each in the review, by their numbers', () => {
		const {config, reasons} = outcomeOf(two, machine);
		const rows = changedRows({config, reasons, isGiven: (key, concept) => isGiven(two, key, concept)});
		expect(rows.filter(({setting: {key}}) => key === 'instancePrompt').map(({label, concept, value}) => [label, concept, value])).toEqual([['1: Instance prompt', 0, 'a photo of sks cat'], ['2: Instance prompt', 1, 'a photo of zwx dog']]);
	});

	test.each([
		[['a photo of sks dog'], 'zwx'],
		[['a photo of zwx dog', 'sks ohwx bnha vqz qxj'], 'sks2'],
	])('the rare word beside %j is %s', (prompts, word) => {
		expect(freeRareWord(prompts)).toBe(word);
	});

	test.each([
		['a photo of sks dog', 'a photo of zwx dog'],
		['a picture in sks style', 'a picture in zwx style'],
		['a photo of a tqx owl', 'a photo of a zwx owl'],
		['my dog', ''],
	])('%s with another rare word: %s', (prompt, other) => {
		expect(withRareWord(prompt, 'zwx')).toBe(other);
	});
});

describe('the graphics card', () => {
	const gibibyte = 2 ** 30;
	const card = (index: number, free: number, changes: Partial<Gpu> = {}): Gpu => ({index, uuid: `GPU-0000000${index}`, name: 'RTX A5000', totalBytes: 24 * gibibyte, usedBytes: 0, freeBytes: free * gibibyte, driver: '550', computeCapability: 8.6, ...changes});
	const withCards = (...gpus: readonly Gpu[]): Hardware => ({...machine, gpu: {state: 'present', gpus}});
	const onGpu = after({type: 'subject', subject: 'person'}, give('device', 'gpu'), give('baseModel', asset('demo', 'base')));
	const asks = (answers: Answers, hardware: Hardware) => stepsOf(answers, hardware).some(({key}) => key === 'card');

	test('is asked for where there are several that can be used, and training is to use one', () => {
		expect(asks(onGpu, withCards(card(0, 20), card(1, 8)))).toBe(true);
		expect(asks(onGpu, withCards(card(0, 20)))).toBe(false);
		expect(asks(onGpu, withCards(card(0, 20), card(1, 20, {computeCapability: 10})))).toBe(false);
		expect(asks(onGpu, machine)).toBe(false);
		expect(asks(reduceAnswers(onGpu, give('device', 'cpu')), withCards(card(0, 20), card(1, 8)))).toBe(false);
	});

	test('that is chosen is the one that advice and plan are for', () => {
		const hardware = withCards(card(0, 4), card(1, 20));
		expect(outcomeOf(onGpu, hardware).place).toMatchObject({device: 'gpu', availableBytes: 20 * gibibyte});
		for (const gpu of ['0', 'GPU-00000000']) {
			const {place, config, reasons} = outcomeOf(reduceAnswers(onGpu, give('gpu', gpu)), hardware);
			expect(place).toMatchObject({device: 'gpu', availableBytes: 4 * gibibyte});
			expect(config.gpu).toBe(gpu);
			expect(reasons[0]!.reason).toContain('this is GPU 0, as asked for');
		}
	});
});

describe('steps', () => {
	test.each([
		['the demo', firstAnswers(), ['subject', 'review', 'start']],
		['own images', firstAnswers({subject: 'person'}), ['subject', 'images', 'model', 'manner', 'memory', 'schedule', 'samples', 'review', 'start']],
		['an expert', after({type: 'subject', subject: 'person'}, {type: 'manner', manner: 'expert'}), ['subject', 'images', 'model', 'manner', 'expert', 'memory', 'schedule', 'samples', 'review', 'start']],
		['a preset', firstAnswers({preset: {name: 'a', config: demoConfig()}}), ['images', 'model', 'memory', 'schedule', 'samples', 'review', 'start']],
	])('of %s', (_, answers, keys) => {
		expect(stepsOf(answers, machine).map(({key}) => key)).toEqual(keys);
	});

	test('no form has more fields than 24 rows can show', () => {
		for (const {settings = []} of stepsOf(after({type: 'subject', subject: 'person'}, {type: 'manner', manner: 'expert'}, {type: 'add concept', word: 'zwx'}), machine)) {
			expect(settings.length).toBeLessThanOrEqual(4);
		}
	});
});

describe('prompts that go with an instance prompt', () => {
	test.each([
		['a photo of sks dog', 'a photo of a dog'],
		['a photo of a zwx owl', 'a photo of an owl'],
		['a painting of ohwx person', 'a painting of a person'],
		['a photo of sks garden gnome', 'a photo of a garden gnome'],
		['my dog', undefined],
	])('%s: %s', (instancePrompt, classPrompt) => {
		const prompts = promptsFrom(instancePrompt);
		expect(prompts.classPrompt).toBe(classPrompt);
		expect(prompts.samplePrompts[0]).toBe(instancePrompt);
		expect(prompts.samplePrompts.includes(classPrompt ?? instancePrompt)).toBe(true);
	});
});

describe('rows of settings', () => {
	const {config, reasons} = outcomeOf(after({type: 'subject', subject: 'person'}, give('baseModel', 'demo'), give('ema', true)), machine);
	const options = {config, reasons, isGiven: (key: string) => key === 'baseModel' || key === 'ema'};

	test('the review holds what differs from the default and has an effect, and whose choice it was', () => {
		const rows = changedRows(options);
		const keys = rows.map(({setting}) => setting.key);
		expect(keys).toContain('ema');
		expect(keys).toContain('classPrompt');
		expect(keys).not.toContain('seed');
		expect(rows.find(({setting}) => setting.key === 'ema')).toMatchObject({isGiven: true, reason: 'your choice'});
		for (const {setting, value} of rows) {
			expect(valueOf(config, setting.key)).toEqual(value);
		}
	});

	test('the search reaches every setting, and says why one has no effect', () => {
		expect(foundRows('', options).length).toBeGreaterThan(60);
		expect(foundRows('学习率', options)[0]!.setting.key).toBe('learningRate');
		expect(foundRows('epochs', options).find(({setting}) => setting.key === 'epochs')).toMatchObject({hasEffect: false, reason: 'The run is measured in steps.'});
	});

	test('values read as people write them', () => {
		const shown = (key: string) => shownValue(foundRows(key, options).find(({setting}) => setting.key === key)!);
		expect(shown('learningRate')).toBe('1.3e-4');
		expect(shown('ema')).toBe('yes');
		expect(shown('batchSize')).toMatch(/^\d+ images$/);
	});
});
