import {nearest, plainName} from './nearest.ts';
import type {Setting} from './setting.ts';
import {conceptSettings, type ConceptKey} from './settings/concept.ts';
import {settings, type SettingKey} from './settings/index.ts';

export type NamedSetting = Setting<SettingKey> | Setting<ConceptKey>;

export const allSettings: readonly NamedSetting[] = [...settings, ...conceptSettings];

/** Everything a setting can be called: key, flag, label, the extension's names, aliases. */
export const namesOf = (setting: Setting): readonly string[] =>
	[setting.key, setting.label, ...(setting.extension?.keys ?? []), setting.extension?.english, setting.extension?.chinese, ...(setting.aliases ?? [])].filter(name => name !== undefined);

/** Names in the order of their weight: when two settings share one, a key wins over a label and a label over an alias. */
const byName: ReadonlyMap<string, NamedSetting> = (() => {
	const found = new Map<string, NamedSetting>();
	const columns = allSettings.map(setting => ({setting, names: namesOf(setting)}));
	for (let rank = 0; rank < Math.max(...columns.map(({names}) => names.length)); rank++) {
		for (const {setting, names} of columns) {
			const name = names[rank];
			if (name !== undefined && !found.has(plainName(name))) {
				found.set(plainName(name), setting);
			}
		}
	}

	return found;
})();

/** The setting with exactly this name, whatever its case and punctuation. */
export const settingNamed = (name: string): NamedSetting | undefined => byName.get(plainName(name));

/** The key, out of `settings`, that an unknown key most likely means: another name of it, or a misspelling. */
export const suggestKey = (unknown: string, among: readonly Setting[], otherKeys: readonly string[] = []): string | undefined => {
	const keys = [...among.map(setting => setting.key), ...otherKeys];
	const named = settingNamed(unknown)?.key;
	return named !== undefined && keys.includes(named) ? named : nearest(unknown, keys);
};
