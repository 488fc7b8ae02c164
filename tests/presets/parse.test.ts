import os from 'node:os';
import path from 'node:path';
import {afterEach, describe, expect, test} from 'vitest';
import {checkConfig, defaultConcept, defaultConfig, formatProblems, hasPriorPreservation, informOfGpuSetup, parseConfig, readModelFacts, type Concept, type Facts, type TrainingConfig} from '../../src/presets/index.ts';
import {configVersion, migrate, migrations} from '../../src/presets/migrations.ts';
import {editDistance} from '../../src/presets/nearest.ts';

const toy: Concept = {...defaultConcept(), instanceImages: '/photos', instancePrompt: 'a photo of sks toy'};
const ready: TrainingConfig = {...defaultConfig(), baseModel: 'demo', concepts: [toy]};

const problemsOf = (changes: Partial<TrainingConfig> | Record<string, unknown>, facts?: Facts) => parseConfig({...ready, ...changes}, facts ? {facts} : {}).problems;
const keysAndLevels = (changes: Partial<TrainingConfig>, facts?: Facts) => problemsOf(changes, facts).map(({key, level}) => `${level} ${key}`);

describe('a config from JSON', () => {
	test('takes the default of everything that is left out', () => {
		const {config, problems} = parseConfig({baseModel: 'demo', concepts: [{instanceImages: '/photos', instancePrompt: 'a photo of sks toy'}]});
		expect(problems).toEqual([]);
		expect(config).toEqual(ready);
	});

	test.each([
		['learningRat', 'learningRate'],
		['learning_rate', 'learningRate'],
		['train_batch_size', 'batchSize'],
		['rseolution', 'resolution'],
		['concept', 'concepts'],
	])('names the setting that the unknown key %s means: %s', (unknown, meant) => {
		const problem = problemsOf({[unknown]: 1}).find(({key}) => key === unknown);
		expect(problem).toMatchObject({level: 'block', cure: `Did you mean ${meant}?`});
	});

	test('says where a key belongs that stands at the wrong level', () => {
		expect(problemsOf({instancePrompt: 'x'})).toMatchObject([{cure: 'It belongs inside a concept.'}]);
		expect(problemsOf({concepts: [{...toy, gradientClip: 1}]})).toMatchObject([{cure: 'It belongs outside, beside concepts.'}]);
		expect(problemsOf({zzzzzzzzzzzz: 1})).toMatchObject([{cure: 'Remove it.'}]);
	});

	test('says the range of a value outside of it', () => {
		expect(problemsOf({batchSize: 0})).toMatchObject([{key: 'batchSize', message: 'batchSize is 0. It must be a whole number from 1 to 1024 (images).'}]);
		expect(problemsOf({learningRate: 0})[0].message).toContain('from 1e-10 to 1');
		expect(problemsOf({learningRate: '2e-6'})[0].cure).toBe('Write the number without quotes: 2e-6.');
		expect(problemsOf({resolution: 130})[0].message).toContain('multiples of 8');
		expect(problemsOf({sampler: 'eulera'})[0].cure).toContain('euler_a');
		expect(problemsOf({baseModel: 'C:\new'})[0].cure).toContain('backslash is written twice');
	});

	test('lists every problem at once, each with its cure', () => {
		const {config, problems} = parseConfig({batchSize: 0, sampelr: 'ddim', samplePrompts: ['a', 3], concepts: [{instanceImage: 'photos', classImagesPerInstance: 1, instancePrompt: 'sks'}, 7], trainUnet: false, trainTextEncoder: false});
		expect(config).toBeUndefined();
		expect(problems.map(({key}) => key).sort()).toEqual(
			['baseModel', 'batchSize', 'concepts.0.classPrompt', 'concepts.0.instanceImage', 'concepts.1', 'samplePrompts', 'sampelr', 'trainUnet'].sort(),
		);
		expect(problems.every(({cure}) => cure !== '')).toBe(true);
		expect(formatProblems(problems).split('\n')).toHaveLength(problems.length * 2);
	});

	test('resolves relative paths against the folder of its file, and knows the home folder', () => {
		const concepts = [{...toy, instanceImages: 'photos/dog', classImages: '~/dogs', classImagesPerInstance: 2, classPrompt: 'a dog'}];
		const {config} = parseConfig({...ready, baseModel: '../sd15', concepts}, {folder: '/home/someone/work'});
		expect(config?.baseModel).toBe('/home/someone/sd15');
		expect(config?.concepts[0]).toMatchObject({instanceImages: '/home/someone/work/photos/dog', classImages: path.join(os.homedir(), 'dogs')});
		expect(parseConfig(ready, {folder: '/elsewhere'}).config?.baseModel).toBe('demo');
	});

	test.each([[undefined], [null], [[]], ['text'], [3]])('%j is refused in words', json => {
		expect(parseConfig(json)).toMatchObject({problems: [{level: 'block', message: 'A config is a JSON object.'}]});
	});

	test('a config of a newer program is refused', () => {
		expect(problemsOf({version: configVersion + 1})).toMatchObject([{key: 'version', message: expect.stringContaining('newer program')}]);
	});

	test('a config of an older version is rewritten step by step', () => {
		const steps = [({lr, ...rest}: Readonly<Record<string, unknown>>) => ({...rest, rate: lr}), ({rate, ...rest}: Readonly<Record<string, unknown>>) => ({...rest, learningRate: rate})];
		expect(migrate({version: 1, lr: 0.1}, steps)).toEqual({version: 3, learningRate: 0.1});
		expect(migrate({version: 2, rate: 0.1}, steps)).toEqual({version: 3, learningRate: 0.1});
		expect(migrations).toHaveLength(configVersion - 1);
	});
});

describe('rules between settings', () => {
	const class2 = {...toy, classImagesPerInstance: 2};
	const random = {init: 'random', learningRate: 1e-4, textEncoderLearningRate: 1e-4} as const;

	test.each<[string, Partial<TrainingConfig>, Facts | undefined, string[]]>([
		['nothing is wrong with a complete config', {}, undefined, []],
		['concepts must not be empty', {concepts: []}, undefined, ['block concepts']],
		['a base model is needed', {baseModel: ''}, undefined, ['block baseModel']],
		['something must be trained', {trainUnet: false, trainTextEncoder: false}, undefined, ['block trainUnet']],
		['class images need a class prompt', {concepts: [toy, class2]}, undefined, ['block concepts.1.classPrompt']],
		['the subject needs a name of its own', {concepts: [{...class2, classPrompt: toy.instancePrompt}]}, undefined, ['warn concepts.0.classPrompt']],
		['a class folder that is not used is a slip', {concepts: [{...toy, classImages: '/class'}]}, undefined, ['warn concepts.0.classImages']],
		['a concept needs images and a prompt', {concepts: [defaultConcept()]}, undefined, ['block concepts.0.instanceImages', 'block concepts.0.instancePrompt']],
		['bf16 on the CPU is blocked', {precision: 'bf16', device: 'cpu'}, {gpu: true}, ['block precision']],
		['an expert may have bf16 on the CPU', {precision: 'bf16', device: 'cpu', expertOverrides: true}, {gpu: true}, ['warn precision']],
		['8-bit state on the CPU is blocked', {optimizer: 'adamw8bit', device: 'cpu'}, {}, ['block optimizer']],
		['an expert may have 8-bit state on the CPU', {optimizer: 'lion8bit', learningRate: 5e-7, device: 'cpu', expertOverrides: true}, {}, ['warn optimizer']],
		['8-bit state wants half precision on a GPU', {optimizer: 'adamw8bit', precision: 'f32'}, {gpu: true}, ['block optimizer']],
		['8-bit state with half precision on a GPU is fine', {optimizer: 'adamw8bit', precision: 'bf16'}, {gpu: true}, []],
		['AdamW\'s rate is too much for Lion', {optimizer: 'lion', learningRate: 2e-6}, {}, ['warn learningRate']],
		['Lion at its own rate is fine', {optimizer: 'lion', learningRate: 5e-7}, {}, []],
		['a LoRA\'s rate is another', {optimizer: 'lion', learningRate: 2e-6, training: 'lora'}, {}, []],
		['random weights are no ground for a LoRA', {init: 'random', training: 'lora'}, {}, ['block init']],
		['random weights are not averaged ones', {...random, baseModelEma: true}, {}, ['block init']],
		['random weights make no class images', {...random, concepts: [{...class2, classPrompt: 'a toy'}]}, {}, ['block init']],
		['random weights may learn from class images that are there', {...random, classMatching: 'all', concepts: [{...class2, classPrompt: 'a toy', classImages: '/class'}]}, {}, []],
		['random weights need more than the rates of fine-tuning', {init: 'random'}, {}, ['warn learningRate', 'warn textEncoderLearningRate']],
		['random weights of the text encoder alone', {init: 'random', trainUnet: false, textEncoderStepRatio: 1}, {}, ['warn textEncoderLearningRate']],
		['random weights learn with Lion faster than others', {...random, optimizer: 'lion', learningRate: 3e-5}, {}, []],
		['layers that clip skip leaves out stay random', {...random, clipSkip: 2}, {}, ['warn init']],
		['a floor above the rate', {learningRateSchedule: 'cosine_annealing', minLearningRate: 1e-3, learningRate: 1e-6}, {}, ['block minLearningRate']],
		['bf16 on a GPU is no question', {precision: 'bf16'}, {gpu: true}, []],
		['warm-up must end before the run', {maxSteps: 100, warmupSteps: 100}, undefined, ['block warmupSteps']],
		['the steps may follow from the images', {warmupSteps: 100}, {totalSteps: 50}, ['block warmupSteps']],
		['99 of 100 steps may warm up', {maxSteps: 100, warmupSteps: 99}, undefined, []],
		['a constant schedule has no warm-up', {learningRateSchedule: 'constant', warmupSteps: 5}, undefined, ['warn learningRateSchedule']],
		['weight decay of 0.1 is too much', {weightDecay: 0.1}, undefined, ['warn weightDecay']],
		['XLA does not pay on the CPU', {engine: 'xla'}, undefined, ['warn engine']],
		['a LoRA to continue needs LoRA training', {loraFile: '/toy.safetensors'}, undefined, ['block loraFile']],
		['a LoRA has no average', {training: 'lora', loraFile: '/toy.safetensors', ema: true}, undefined, ['adjust ema']],
		['a random crop leaves nothing to cache', {crop: 'random'}, undefined, ['adjust cacheLatents']],
		['buckets can be cached', {crop: 'none', cacheLatents: 'disk'}, undefined, []],
		['latents on the device are for a GPU', {cacheLatents: 'vram'}, {}, ['adjust cacheLatents']],
		['latents on a GPU stay there', {cacheLatents: 'vram'}, {gpu: true}, []],
		['all class images need a folder of them', {classMatching: 'all', concepts: [{...class2, classPrompt: 'a toy'}]}, undefined, ['block classMatching']],
		['all class images of a folder', {classMatching: 'all', concepts: [{...class2, classPrompt: 'a toy', classImages: '/class'}]}, undefined, []],
		['long prompts are padded', {maxTokenLength: 150, padTokens: false}, undefined, ['block maxTokenLength']],
		['prompts of different lengths are no batch', {padTokens: false, batchSize: 2}, undefined, ['block padTokens']],
		['batches of one need no padding', {padTokens: false, gradientAccumulation: 4}, undefined, []],
		['shuffled tags are pointed out', {concepts: [{...toy, instancePrompt: 'sks toy, red, small'}]}, undefined, ['warn shuffleTags']],
		['captions may have tags', {concepts: [{...toy, instancePrompt: '[filewords]'}]}, undefined, ['warn shuffleTags']],
		['two tags have one order when the first stays', {concepts: [{...toy, instancePrompt: 'sks toy, red'}]}, undefined, []],
		['a GPU cannot be demanded yet', {device: 'gpu'}, {gpu: true}, ['block device']],
	])('%s', (_, changes, facts, expected) => {
		expect(keysAndLevels(changes, facts)).toEqual(expected);
	});

	test('the multiple of the resolution is the model\'s own', () => {
		const model = readModelFacts('demo');
		expect(keysAndLevels({resolution: 64}, {model})).toEqual([]);
		expect(problemsOf({resolution: 72}, {model})).toMatchObject([{key: 'resolution', cure: 'Set resolution to 64 or 80; the model was made for 64.'}]);
		expect(keysAndLevels({resolution: 96}, {model: {...model, resolutionMultiple: 64}})).toEqual(['block resolution']);
	});

	test('an adjustment changes the config and says so', () => {
		const {config, problems} = parseConfig({...ready, ema: true, trainUnet: false, crop: 'random'});
		expect(config).toMatchObject({ema: false, cacheLatents: 'off'});
		expect(problems.map(({level, key}) => `${level} ${key}`)).toEqual(['adjust ema', 'adjust cacheLatents']);
	});

	test('a mistyped key does not also count as a missing one', () => {
		const {baseModel, ...rest} = ready;
		expect(parseConfig({...rest, baseModle: baseModel}).problems.map(({key}) => key)).toEqual(['baseModle']);
	});

	test('are checked while editing, too, on a config that is no JSON', () => {
		expect(checkConfig({...ready, trainUnet: false, trainTextEncoder: false})).toHaveLength(1);
	});

	test('any concept with class images makes the loss have a prior part', () => {
		expect(hasPriorPreservation(ready)).toBe(false);
		expect(hasPriorPreservation({concepts: [toy, class2]})).toBe(true);
	});
});

test.each([
	['', 'abc', 3],
	['abc', 'abc', 0],
	['abc', 'acb', 1],
	['kitten', 'sitting', 3],
	['ca', 'abc', 3],
])('the edit distance of %j and %j is %i', (a, b, distance) => {
	expect(editDistance(a, b)).toBe(distance);
	expect(editDistance(b, a)).toBe(distance);
});

describe('where nobody says whether there is a GPU', () => {
	afterEach(() => informOfGpuSetup(() => false));
	const problemsOf = (values: object) => parseConfig({baseModel: 'demo', concepts: [{instanceImages: '.', instancePrompt: 'a photo of sks dog'}], ...values}).problems.map(({level, key}) => `${level} ${key}`);

	test('the rules are those of a GPU when TensorFlow is set up for one, as in a trainer that reads its run', () => {
		expect(problemsOf({precision: 'bf16', optimizer: 'adamw8bit'})).toContain('block precision');
		informOfGpuSetup(() => true);
		expect(problemsOf({precision: 'bf16', optimizer: 'adamw8bit'})).toEqual([]);
		expect(problemsOf({precision: 'bf16', device: 'cpu'})).toContain('block precision');
	});
});
