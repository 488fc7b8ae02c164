import type {Setting, SettingValue} from '../../presets/index.ts';

export interface Option {
	readonly value: SettingValue;
	readonly label: string;
	readonly help: string;
}

/** What a choice or a toggle can be; nothing for other settings. */
export const optionsOf = (setting: Setting): readonly Option[] => {
	switch (setting.type) {
		case 'choice': {
			return setting.choices.map(({value, help}) => ({value, label: value, help}));
		}

		case 'toggle': {
			return [{value: true, label: 'yes', help: ''}, {value: false, label: 'no', help: ''}];
		}

		default: {
			return [];
		}
	}
};

/** The option beside a value, in a ring; undefined for settings without options. */
export const optionBeside = (setting: Setting, value: SettingValue, by: 1 | -1): SettingValue | undefined => {
	const options = optionsOf(setting);
	const index = options.findIndex(option => option.value === value);
	return options[(index + by + options.length) % options.length]?.value;
};
