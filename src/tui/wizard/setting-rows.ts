import {conceptSettings, defaultConcept, defaultConfig, formatValue, searchSettings, settings, whyHidden, type Reason, type Setting, type SettingValue, type TrainingConfig} from '../../presets/index.ts';
import {isOfConcept, valueOf} from './answers.ts';

/** A setting with its value, as the review and the list of all settings show it. */
export interface SettingRow {
	readonly setting: Setting;
	/** The number of the concept that it is a value of, counted from 0. */
	readonly concept?: number;
	/** Of a value of one of several concepts, with its number. */
	readonly label: string;
	readonly value: SettingValue;
	readonly isDefault: boolean;
	/** Given by hand; else advised or the default. */
	readonly isGiven: boolean;
	/** Why it has this value, or why it has no effect. */
	readonly reason: string;
	readonly hasEffect: boolean;
}

export interface RowsOptions {
	readonly config: TrainingConfig;
	readonly reasons: readonly Reason[];
	/** Whether a value was given by hand. */
	readonly isGiven: (key: string, concept?: number) => boolean;
}

const usual = {...defaultConfig(), concepts: [defaultConcept()]};

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one ?? '') === JSON.stringify(other ?? '');

function rowOf(setting: Setting, {config, reasons, isGiven}: RowsOptions, concept?: number): SettingRow {
	const value = valueOf(config, setting.key, concept) ?? setting.default;
	const hidden = whyHidden(setting, concept === undefined ? {...config} : {...config.concepts[concept]});
	const isChosen = isGiven(setting.key, concept);
	const advice = reasons.find(({key, value: advised}) => key === setting.key && same(advised, value))?.reason;
	return {
		setting, value, label: concept !== undefined && config.concepts.length > 1 ? `${concept + 1}: ${setting.label}` : setting.label, ...(concept !== undefined && {concept}),
		isDefault: same(value, valueOf(usual, setting.key)), isGiven: isChosen, hasEffect: hidden === undefined, reason: hidden ?? (isChosen ? 'your choice' : advice ?? ''),
	};
}

/** Those of concepts once for each concept. */
function rowsOf(found: readonly Setting[], options: RowsOptions): readonly SettingRow[] {
	const concepts = options.config.concepts.map((_, concept) => concept);
	return concepts.flatMap(concept => found.filter(({key}) => isOfConcept(key)).map(setting => rowOf(setting, options, concept))).concat(found.filter(({key}) => !isOfConcept(key)).map(setting => rowOf(setting, options)));
}

const all: readonly Setting[] = [...conceptSettings, ...settings];

/** Every setting whose value is not the default and has an effect: what there is to review. */
export const changedRows = (options: RowsOptions): readonly SettingRow[] => rowsOf(all, options).filter(({isDefault, hasEffect}) => !isDefault && hasEffect);

/** Every setting whose names, in either language, or help hold the words; all of them when there are no words. */
export const foundRows = (query: string, options: RowsOptions): readonly SettingRow[] => {
	if (query.trim() === '') {
		return rowsOf(all, options);
	}

	// The best match stays the first, whatever it is a setting of.
	return searchSettings(query).flatMap(setting => rowsOf([setting], options));
};

/** A value on one line: paths and lists as people read them. */
export const shownValue = ({setting, value}: SettingRow): string =>
	typeof value === 'boolean' ? (value ? 'yes' : 'no') : `${formatValue(value)}${'unit' in setting && setting.unit && typeof value === 'number' ? ` ${setting.unit}` : ''}`;
