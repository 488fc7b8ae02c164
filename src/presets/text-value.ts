import {accepts, formatNumber, schemaOf} from './schema.ts';
import type {Setting, SettingValue} from './setting.ts';

/** A typed text as a setting's value, or what is wrong with it. */
export type TextValue = {readonly value: SettingValue} | {readonly problem: string};

const yes = new Set(['true', 'yes', 'on', '1', 'y']);
const no = new Set(['false', 'no', 'off', '0', 'n']);

/** Reads what a person typed into a form or after a flag: `5e-6`, `.05`, `yes`. Lists have one text a line. */
export const valueFromText = (setting: Setting, typed: string): TextValue => {
	const value = readText(setting, typed);
	return value !== undefined && schemaOf(setting).safeParse(value).success ? {value} : {problem: `It must ${accepts(setting)}.`};
};

const readText = (setting: Setting, typed: string): SettingValue | undefined => {
	const trimmed = typed.trim();
	switch (setting.type) {
		case 'int':
		case 'real': {
			return trimmed === '' ? undefined : Number(trimmed);
		}

		case 'toggle': {
			const word = trimmed.toLowerCase();
			return yes.has(word) ? true : no.has(word) ? false : undefined;
		}

		case 'choice': {
			return setting.choices.find(({aliases}) => aliases?.includes(trimmed))?.value ?? trimmed;
		}

		case 'texts': {
			return typed
				.split('\n')
				.map(line => line.trim())
				.filter(line => line !== '');
		}

		case 'text':
		case 'path': {
			return trimmed;
		}
	}
};

/** A value as the text that valueFromText reads back. */
export const textFromValue = (value: SettingValue): string => {
	switch (typeof value) {
		case 'number': {
			return formatNumber(value);
		}

		case 'boolean': {
			return value ? 'yes' : 'no';
		}

		case 'string': {
			return value;
		}

		default: {
			return value.join('\n');
		}
	}
};
