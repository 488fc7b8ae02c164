import {trainingConfigSchema, type TrainingConfig} from './config.ts';
import {adjustConfig, checkConfig, type Facts} from './constraints.ts';
import {configVersion, migrate} from './migrations.ts';
import {suggestKey} from './names.ts';
import {nearest} from './nearest.ts';
import {absolutePath} from './paths.ts';
import {isBlocking, type Problem} from './problem.ts';
import {accepts, formatValue} from './schema.ts';
import type {Setting, Values} from './setting.ts';
import {conceptSettings} from './settings/concept.ts';
import {settings} from './settings/index.ts';

export interface ParseOptions {
	/** What relative paths start from: the folder of the config file. The working directory when left out. */
	readonly folder?: string;
	/** What is known of model, machine and images, for the rules that need it. */
	readonly facts?: Facts;
}

export interface ParsedConfig {
	/** Absent when a problem blocks. Paths are absolute, adjustments are made. */
	readonly config?: TrainingConfig;
	/** All problems at once. */
	readonly problems: readonly Problem[];
}

/** Checks a config from JSON completely: names, values, and the rules between them. */
export const parseConfig = (json: unknown, options: ParseOptions = {}): ParsedConfig => {
	const {values, problems: valueProblems, doubtful} = readValues(json, options);
	if (!values) {
		return {problems: valueProblems};
	}

	const problems = [...valueProblems, ...checkConfig(values, options.facts, doubtful)];
	return problems.some(isBlocking) ? {problems} : {config: adjustConfig(values, options.facts), problems};
};

export interface ReadValues {
	/** The config with the default in the place of every bad value; absent when there is no object at all. */
	readonly values?: TrainingConfig;
	readonly problems: readonly Problem[];
	/** Keys whose value is not what the person meant. */
	readonly doubtful: ReadonlySet<string>;
}

/** Checks names and values one by one, not the rules between them: what an unfinished preset must pass. */
export const readValues = (json: unknown, options: ParseOptions = {}): ReadValues => {
	if (!isObject(json)) {
		return {problems: [{level: 'block', key: '', message: 'A config is a JSON object.', cure: 'Begin with { and end with }.'}], doubtful: new Set()};
	}

	const values = migrate(json);
	const checked = trainingConfigSchema.safeParse(values);
	if (checked.success) {
		return {values: withAbsolutePaths(checked.data, options.folder), problems: [], doubtful: new Set()};
	}

	const repaired = structuredClone(values);
	const problems: Problem[] = [];
	const doubtful = new Set<string>();
	for (const issue of checked.error.issues) {
		const where = issue.path.map(String);
		if (issue.code === 'unrecognized_keys') {
			for (const unknownKey of issue.keys) {
				const {problem, meant} = describeUnknownKey(where, unknownKey);
				problems.push(problem);
				doubtful.add([...where, meant ?? unknownKey].join('.'));
				removeAt(repaired, [...where, unknownKey]);
			}
		} else if (!doubtful.has(keyOf(where))) {
			problems.push(describeValue(keyPath(where), valueAt(values, keyPath(where))));
			doubtful.add(keyOf(where));
			removeAt(repaired, keyPath(where));
		}
	}

	return {values: withAbsolutePaths(trainingConfigSchema.parse(repaired), options.folder), problems, doubtful};
};

const isObject = (value: unknown): value is Values => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The part of an issue's path that names a key: an item of a list of texts is a fault of the list. */
const keyPath = (where: readonly string[]): readonly string[] => where.slice(0, where[0] === 'concepts' ? 3 : 1);

const keyOf = (where: readonly string[]): string => keyPath(where).join('.');

const valueAt = (values: unknown, where: readonly string[]): unknown => where.reduce<unknown>((value, key) => (value as Values)[key], values);

/** Removes what stands at a path; a concept is emptied, so that the numbers of the others stay. */
const removeAt = (values: Values, where: readonly string[]): void => {
	const parent = valueAt(values, where.slice(0, -1)) as Record<string, unknown>;
	const key = where.at(-1)!;
	if (Array.isArray(parent)) {
		parent[Number(key)] = {};
	} else {
		delete parent[key];
	}
};

const describeUnknownKey = (where: readonly string[], unknownKey: string): {readonly problem: Problem; readonly meant?: string} => {
	const inConcept = where.length > 0;
	const meant = inConcept ? suggestKey(unknownKey, conceptSettings) : suggestKey(unknownKey, settings, ['concepts', 'version']);
	const belongs = meant === undefined && (inConcept ? settings : conceptSettings).some(setting => setting.key === unknownKey);
	const cure =
		meant ? `Did you mean ${meant}?`
		: belongs ? (inConcept ? 'It belongs outside, beside concepts.' : 'It belongs inside a concept.')
		: 'Remove it.';
	const key = [...where, unknownKey].join('.');
	return {problem: {level: 'block', key, message: `${key} is not a setting.`, cure}, ...(meant === undefined ? {} : {meant})};
};

const describeValue = (where: readonly string[], value: unknown): Problem => {
	const key = where.join('.');
	const setting = settingAt(where);
	if (setting) {
		const shown = typeof value === 'string' ? JSON.stringify(value) : formatValue(value);
		const meant = setting.type === 'choice' && typeof value === 'string' ? setting.choices.find(({aliases}) => aliases?.includes(value))?.value ?? nearest(value, setting.choices.map(({value}) => value)) : undefined;
		const fallback = setting.default === '' ? 'leave it out' : `leave it out for the default, ${formatValue(setting.default)}`;
		const quoted = (setting.type === 'int' || setting.type === 'real') && typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value));
		return {
			level: 'block',
			key,
			message: `${key} is ${shown}. It must ${accepts(setting)}.`,
			cure:
				setting.type === 'path' && typeof value === 'string' ? 'In JSON a backslash is written twice: "C:\\\\photos". A forward slash works as well.'
				: quoted ? `Write the number without quotes: ${value.trim()}.`
				: meant ? `Did you mean ${meant}? Or ${fallback}.`
				: `Change it, or ${fallback}.`,
		};
	}

	if (key === 'version') {
		return typeof value === 'number' && value > configVersion ?
				{level: 'block', key, message: `This config is of version ${value}, made by a newer program; this one knows versions up to ${configVersion}.`, cure: 'Update the program, or make the config anew.'}
			:	{level: 'block', key, message: `version is ${formatValue(value)}. It must be ${configVersion}.`, cure: 'Leave it out.'};
	}

	return key === 'concepts' ?
			{level: 'block', key, message: 'concepts must be a list.', cure: 'Write "concepts": [{"instanceImages": "photos", "instancePrompt": "a photo of sks dog"}].'}
		:	{level: 'block', key, message: `${key} must be an object.`, cure: 'Write {"instanceImages": "photos", "instancePrompt": "a photo of sks dog"}.'};
};

const settingAt = (where: readonly string[]): Setting | undefined =>
	where[0] === 'concepts' ? conceptSettings.find(setting => setting.key === where[2]) : settings.find(setting => setting.key === where[0]);

const withAbsolutePaths = (config: TrainingConfig, folder?: string): TrainingConfig => ({
	...resolvePaths(config, settings, folder),
	concepts: config.concepts.map(concept => resolvePaths(concept, conceptSettings, folder)),
});

/** The same values with every path setting absolute; empty paths and words stay. */
const resolvePaths = <T extends object>(values: T, list: readonly Setting[], folder?: string): T => {
	const resolved = {...values} as Record<string, unknown>;
	for (const setting of list) {
		const value = resolved[setting.key];
		if (setting.type === 'path' && typeof value === 'string' && value !== '' && !setting.words?.includes(value)) {
			resolved[setting.key] = absolutePath(value, folder);
		}
	}

	return resolved as T;
};
