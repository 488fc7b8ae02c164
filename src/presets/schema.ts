import * as z from 'zod';
import type {Setting, SettingValue} from './setting.ts';

/** The zod schema of a setting's value, without its default. */
export const schemaOf = (setting: Setting): z.ZodType<SettingValue> => {
	switch (setting.type) {
		case 'int': {
			const range = z.int().min(setting.min).max(setting.max);
			return setting.multipleOf ? range.multipleOf(setting.multipleOf) : range;
		}

		case 'real': {
			return z.number().min(setting.min).max(setting.max);
		}

		case 'choice': {
			return z.enum(setting.choices.map(choice => choice.value));
		}

		case 'toggle': {
			return z.boolean();
		}

		case 'text': {
			return setting.pattern ? z.string().regex(setting.pattern.matches) : z.string();
		}

		case 'path': {
			// "C:\new" is valid JSON for a path with a line break in it.
			return z.string().regex(/^\P{Cc}*$/u);
		}

		case 'texts': {
			return z.array(z.string());
		}
	}
};

/** What a setting accepts, to complete the sentence "It must ...". */
export const accepts = (setting: Setting): string => {
	switch (setting.type) {
		case 'int': {
			const unit = setting.unit ? ` (${setting.unit})` : '';
			const multiple = setting.multipleOf ? ` in multiples of ${setting.multipleOf}` : '';
			return `be a whole number from ${setting.min} to ${setting.max}${multiple}${unit}`;
		}

		case 'real': {
			return `be a number from ${formatNumber(setting.min)} to ${formatNumber(setting.max)}`;
		}

		case 'choice': {
			return `be one of ${setting.choices.map(choice => choice.value).join(', ')}`;
		}

		case 'toggle': {
			return 'be true or false';
		}

		case 'text': {
			return setting.pattern?.says ?? 'be a text';
		}

		case 'path': {
			const words = setting.words ? ` or the word ${setting.words.join(' or ')}` : '';
			return `be the path of a ${setting.kind}${words}`;
		}

		case 'texts': {
			return 'be a list of texts';
		}
	}
};

/** 0.000002 as people write it: 2e-6. */
export const formatNumber = (value: number): string => (value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential() : String(value));

/** A setting's value on one line, as a person reads it. */
export const formatValue = (value: unknown): string => {
	if (typeof value === 'number') {
		return formatNumber(value);
	}

	if (typeof value === 'string') {
		return value === '' ? 'empty' : value;
	}

	if (Array.isArray(value)) {
		return value.length === 0 ? 'none' : value.map(formatValue).join(' | ');
	}

	return JSON.stringify(value) ?? 'nothing';
};
