import type {Command} from 'commander';
import {conceptSettings, formatProblems, formatValue, parseConfig, settings, valueFromText, type Facts, type Setting, type SettingValue, type TrainingConfig} from '../presets/index.ts';
import {UsageError} from './usage-error.ts';

/** What commander found after a flag: the texts of a list, `true` for a bare switch, else a text. */
export type Flags = Readonly<Record<string, string | readonly string[] | boolean | undefined>>;

/** A flag for each setting, and for each setting of a concept. */
export function addTrainingFlags(command: Command): void {
	command.optionsGroup('Settings (dreambooth explain SETTING says more):');
	settings.forEach(setting => addFlag(command, setting));
	command.optionsGroup('The subject, where there is one:');
	conceptSettings.forEach(setting => addFlag(command, setting));
}

function addFlag(command: Command, setting: Setting): void {
	const {cliFlag, help} = setting;
	command.option(`${cliFlag} ${placeholder(setting)}`, `${help} Default: ${formatValue(setting.default) || 'none'}.`);
}

function placeholder(setting: Setting): string {
	switch (setting.type) {
		case 'toggle': {
			return '[yes|no]';
		}

		case 'choice': {
			return `<${setting.choices.map(choice => choice.value).join('|')}>`;
		}

		case 'texts': {
			return '<text...>';
		}

		case 'int':
		case 'real': {
			return '<number>';
		}

		default: {
			return `<${setting.type}>`;
		}
	}
}

/**
 * A config with the typed flags in the place of its values, checked as a whole, for the machine that `facts` tell of.
 * @throws UsageError with all problems at once
 */
export function withFlags(config: TrainingConfig, flags: Flags, facts: Facts = {}): TrainingConfig {
	const concept = valuesOf(conceptSettings, flags);
	if (Object.keys(concept).length > 0 && config.concepts.length > 1) {
		throw new UsageError(`The config has ${config.concepts.length} subjects, and ${Object.keys(concept).join(', ')} would belong to one of them.`, 'Change it in the config file.');
	}

	const concepts = Object.keys(concept).length > 0 ? [{...config.concepts[0], ...concept}] : config.concepts;
	const parsed = parseConfig({...config, ...valuesOf(settings, flags), concepts}, {facts});
	if (!parsed.config) {
		throw new UsageError(`The run cannot start:\n${formatProblems(parsed.problems)}`, 'dreambooth explain SETTING says what a setting does.');
	}

	return parsed.config;
}

/** The values that were typed, by key. */
function valuesOf(declared: readonly Setting[], flags: Flags): Record<string, SettingValue> {
	const values: Record<string, SettingValue> = {};
	const problems: string[] = [];
	for (const setting of declared) {
		const typed = flags[setting.key];
		if (typed === undefined) {
			continue;
		}

		const read = valueFromText(setting, textOf(typed));
		if ('value' in read) {
			values[setting.key] = read.value;
		} else {
			problems.push(`${setting.cliFlag} ${textOf(typed)}: ${read.problem}`);
		}
	}

	if (problems.length > 0) {
		throw new UsageError(problems.join('\n'), 'dreambooth explain SETTING says what a setting does.');
	}

	return values;
}

const textOf = (typed: string | readonly string[] | boolean): string => typeof typed === 'object' ? typed.join('\n') : typed === true ? 'yes' : String(typed);
