import {conceptSettings, defaultConcept, defaultConfig, formatValue, searchSettings, settings, whyHidden, type Reason, type Setting, type SettingValue, type TrainingConfig} from '../../presets/index.ts';
import {isOfConcept, valueOf} from './answers.ts';

/** A setting with its value, as the review and the list of all settings show it. */
export interface SettingRow {
	readonly setting: Setting;
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
	/** Keys of values given by hand. */
	readonly given: ReadonlySet<string>;
}

const usual = {...defaultConfig(), concepts: [defaultConcept()]};

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one ?? '') === JSON.stringify(other ?? '');

function rowOf(setting: Setting, {config, reasons, given}: RowsOptions): SettingRow {
	const value = valueOf(config, setting.key) ?? setting.default;
	const hidden = whyHidden(setting, isOfConcept(setting.key) ? {...config.concepts[0]} : {...config});
	const isGiven = given.has(setting.key);
	const advice = reasons.find(({key, value: advised}) => key === setting.key && same(advised, value))?.reason;
	return {setting, value, isDefault: same(value, valueOf(usual, setting.key)), isGiven, hasEffect: hidden === undefined, reason: hidden ?? (isGiven ? 'your choice' : advice ?? '')};
}

const all: readonly Setting[] = [...conceptSettings, ...settings];

/** Every setting whose value is not the default and has an effect: what there is to review. */
export const changedRows = (options: RowsOptions): readonly SettingRow[] => all.map(setting => rowOf(setting, options)).filter(({isDefault, hasEffect}) => !isDefault && hasEffect);

/** Every setting whose names, in either language, or help hold the words; all of them when there are no words. */
export const foundRows = (query: string, options: RowsOptions): readonly SettingRow[] => (query.trim() === '' ? all : searchSettings(query)).map(setting => rowOf(setting, options));

/** A value on one line: paths and lists as people read them. */
export const shownValue = ({setting, value}: SettingRow): string =>
	typeof value === 'boolean' ? (value ? 'yes' : 'no') : `${formatValue(value)}${'unit' in setting && setting.unit && typeof value === 'number' ? ` ${setting.unit}` : ''}`;
