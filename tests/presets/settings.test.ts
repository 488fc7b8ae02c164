import {describe, expect, test} from 'vitest';
import {accepts, conceptSettings, defaultConcept, defaultConfig, groups, settings, settingsTable, trainingConfigSchema, valueFromText, whyHidden, textFromValue} from '../../src/presets/index.ts';
import {allSettings, namesOf} from '../../src/presets/names.ts';
import {schemaOf} from '../../src/presets/schema.ts';

describe('the declarations of settings', () => {
	test('every default is a value that its own setting accepts', () => {
		for (const setting of allSettings) {
			expect(schemaOf(setting).safeParse(setting.default).success, `${setting.key}: must ${accepts(setting)}`).toBe(true);
		}
	});

	test('every number is refused just outside its range', () => {
		for (const setting of allSettings) {
			if (setting.type === 'int' || setting.type === 'real') {
				expect(schemaOf(setting).safeParse(setting.min).success, setting.key).toBe(true);
				expect(schemaOf(setting).safeParse(setting.max).success, setting.key).toBe(true);
				expect(schemaOf(setting).safeParse(setting.min - 1).success, setting.key).toBe(false);
				expect(schemaOf(setting).safeParse(setting.max + 1).success, setting.key).toBe(false);
				expect(schemaOf(setting).safeParse(NaN).success, setting.key).toBe(false);
			}
		}
	});

	test('keys, flags and names of the extension each belong to one setting', () => {
		const keys = settings.map(({key}) => key);
		expect(new Set(keys).size).toBe(keys.length);
		const claimed = allSettings.flatMap(({extension}) => [...(extension?.keys ?? []), extension?.english, extension?.chinese].filter(name => name !== undefined));
		expect(claimed.filter((name, index) => claimed.indexOf(name) !== index)).toEqual([]);
		expect(settings.find(({key}) => key === 'adamBeta1')?.cliFlag).toBe('--adam-beta1');
		expect(settings.find(({key}) => key === 'textEncoderLearningRate')?.cliFlag).toBe('--text-encoder-learning-rate');
	});

	test('every setting explains itself, in one line and at length', () => {
		for (const setting of allSettings) {
			expect(groups).toContain(setting.group);
			expect(setting.help.length, setting.key).toBeLessThanOrEqual(100);
			expect(setting.help).toMatch(/\.$|such as: /);
			expect(setting.longHelp.length, setting.key).toBeGreaterThan(setting.help.length);
			expect(namesOf(setting).length, setting.key).toBeGreaterThanOrEqual(3);
		}
	});

	test('a condition reads only keys that exist, and says why a setting is hidden', () => {
		const strict = (values: object): Record<string, unknown> =>
			new Proxy(values as Record<string, unknown>, {
				get(target, key) {
					expect(Object.keys(target)).toContain(key);
					return target[key as string];
				},
			});
		for (const setting of settings) {
			whyHidden(setting, strict(defaultConfig()));
		}

		for (const setting of conceptSettings) {
			whyHidden(setting, strict({...defaultConcept()}));
		}

		const decay = settings.find(({key}) => key === 'emaDecay')!;
		expect(whyHidden(decay, {ema: false})).toMatch(/EMA.* off/);
		expect(whyHidden(decay, {ema: true})).toBeUndefined();
	});

	test('the default config passes its own schema', () => {
		expect(trainingConfigSchema.parse(defaultConfig())).toEqual(defaultConfig());
		expect(trainingConfigSchema.safeParse({unheardOf: 1}).success).toBe(false);
	});

	test('the table of the README has one row for every setting', () => {
		const rows = settingsTable().split('\n').filter(line => line.startsWith('| `'));
		expect(rows).toHaveLength(allSettings.length);
		expect(new Set(rows.map(row => row.split(/(?<!\\)\|/).length))).toEqual(new Set([7]));
	});
});

describe('a typed value', () => {
	const setting = (key: string) => allSettings.find(candidate => candidate.key === key)!;

	test.each([
		['learningRate', '5e-6', 5e-6],
		['learningRate', ' 2e-06 ', 2e-6],
		['weightDecay', '.05', 0.05],
		['trainUnet', 'no', false],
		['crop', 'random', 'random'],
		['batchSize', '4', 4],
		['samplePrompts', 'a dog\n\n a cat ', ['a dog', 'a cat']],
	])('%s from %j', (key, typed, value) => {
		expect(valueFromText(setting(key), typed)).toEqual({value});
	});

	test.each([
		['batchSize', '0'],
		['batchSize', '1.5'],
		['batchSize', ''],
		['learningRate', '5e-'],
		['trainUnet', 'perhaps'],
		['sampler', 'plms2'],
		['resolution', '130'],
		['name', '../outside'],
	])('%s refuses %j and says what it must be', (key, typed) => {
		expect(valueFromText(setting(key), typed)).toEqual({problem: expect.stringMatching(/^It must .+\.$/)});
	});

	test('is read back as it was shown', () => {
		for (const candidate of allSettings) {
			expect(valueFromText(candidate, textFromValue(candidate.default)), candidate.key).toEqual({value: candidate.default});
		}
	});
});
