import {allSettings, namesOf, settingNamed, type NamedSetting} from './names.ts';
import {nearest, plainName} from './nearest.ts';
import {accepts, formatValue} from './schema.ts';
import type {Setting} from './setting.ts';
import {settings} from './settings/index.ts';

/** Settings whose names or help hold every word of the query, in English or Chinese; matches in a name come first. */
export const searchSettings = (query: string): readonly NamedSetting[] => {
	const exact = settingNamed(query);
	const words = query.toLowerCase().split(/\s+/).map(plainName).filter(word => word !== '');
	const scored = allSettings.map(setting => {
		const names = namesOf(setting).map(plainName);
		const help = plainName(`${setting.help} ${setting.group}`);
		const inNames = words.filter(word => names.some(name => name.includes(word))).length;
		const anywhere = words.filter(word => help.includes(word) || names.some(name => name.includes(word))).length;
		return {setting, score: setting === exact ? Infinity : anywhere === words.length && words.length > 0 ? 1 + inNames : 0};
	});
	return scored
		.filter(({score}) => score > 0)
		.sort((a, b) => b.score - a.score || 0)
		.map(({setting}) => setting);
};

/** All that is known of a setting, by any of its names; or the nearest names when there is none. */
export const explainSetting = (name: string): string => {
	const setting = settingNamed(name);
	if (setting) {
		return describeSetting(setting);
	}

	const found = searchSettings(name).slice(0, 5);
	const near = nearest(name, allSettings.flatMap(namesOf));
	const suggestions = found.length > 0 ? found : [near === undefined ? undefined : settingNamed(near)].filter(suggestion => suggestion !== undefined);
	return suggestions.length === 0 ?
			`There is no setting called ${name}.`
		:	[`There is no setting called ${name}. Did you mean:`, ...suggestions.map(({key, help}) => `  ${key}  ${help}`)].join('\n');
};

const describeSetting = (setting: Setting): string => {
	const names = [...new Set([setting.extension?.english, setting.extension?.chinese, ...(setting.aliases ?? [])].filter(other => other !== undefined))];
	const keys = setting.extension?.keys ?? [];
	return [
		`${setting.label} (${setting.key}, ${setting.cliFlag})`,
		setting.help,
		'',
		setting.longHelp,
		'',
		`It must ${accepts(setting)}. Default: ${formatValue(setting.default)}.`,
		...(setting.type === 'choice' ? setting.choices.map(({value, help}) => `  ${value}  ${help}`) : []),
		...(setting.needs ? [`Without effect when: ${setting.needs.reason}`] : []),
		...(keys.length > 0 ? [`In the A1111 extension: ${keys.join(', ')}`] : []),
		...(names.length > 0 ? [`Also known as: ${names.join(', ')}`] : []),
	].join('\n');
};

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

const range = (setting: Setting): string => {
	switch (setting.type) {
		case 'int':
		case 'real': {
			return `${formatValue(setting.min)} to ${formatValue(setting.max)}${setting.unit ? ` ${setting.unit}` : ''}`;
		}

		case 'choice': {
			return setting.choices.map(({value}) => value).join(', ');
		}

		case 'toggle': {
			return 'true, false';
		}

		default: {
			return setting.type === 'texts' ? 'list of texts' : setting.type;
		}
	}
};

const table = (list: readonly Setting[]): string =>
	[
		'| Setting | Values | Default | What it does | 中文 |',
		'|---|---|---|---|---|',
		...list.map(setting => `| \`${setting.key}\` | ${cell(range(setting))} | ${cell(formatValue(setting.default))} | ${cell(setting.help)} | ${setting.extension?.chinese ?? ''} |`),
	].join('\n');

/** The README's tables of all settings, as markdown. */
export const settingsTable = (): string => {
	const ofConcepts = allSettings.slice(settings.length);
	return `${table(settings)}\n\nEach entry of \`concepts\`:\n\n${table(ofConcepts)}\n`;
};
