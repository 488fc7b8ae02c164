import {Box, Text} from 'ink';
import {useState} from 'react';
import {keyName} from '../keys.ts';
import {useTheme} from '../theme.ts';
import type {SettingFieldProps} from './field.ts';
import {optionsOf} from './options.ts';
import {useField, useFieldValue} from './use-field.ts';

/** Choices and toggles, one row each: arrows, Space, digits, the first letter. */
export function ChoiceField(props: SettingFieldProps) {
	const theme = useTheme();
	const options = optionsOf(props.field.setting);
	const [chosen, setChosen] = useState(useFieldValue(props));
	const index = options.findIndex(({value}) => value === chosen);
	useField(props, (input, key, {report, save}) => {
		if (key.tab) {
			save('saved-by-tab');
			return;
		}

		const next = options[wanted(keyName(input, key), index, options)];
		if (next) {
			setChosen(next.value);
			report({value: next.value});
		}
	});
	return (
		<Box flexDirection="column">
			{options.map(({label, help}, at) => (
				<Text key={label} wrap="truncate-end" {...(at === index ? theme.accent : {})}>
					{at === index ? theme.glyphs.pointer : ' '} {at + 1} {label}{help === '' ? '' : '  '}<Text {...theme.dim}>{help}</Text>
				</Text>
			))}
		</Box>
	);
}

/** The option that a key asks for; -1 for none. */
function wanted(name: string | undefined, index: number, options: readonly {readonly label: string}[]): number {
	switch (name) {
		case 'down':
		case 'right':
		case 'space': {
			return (index + 1) % options.length;
		}

		case 'up':
		case 'left': {
			return (index - 1 + options.length) % options.length;
		}

		case undefined: {
			return -1;
		}

		default: {
			const digit = /^[1-9]$/.test(name) ? Number(name) - 1 : -1;
			return digit === -1 && name.length === 1 ? options.findIndex(({label}) => label.startsWith(name)) : digit;
		}
	}
}
