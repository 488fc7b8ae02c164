import {Box, Text} from 'ink';
import {useContext, useMemo, useState} from 'react';
import {textFromValue, valueFromText} from '../../presets/index.ts';
import {Row} from '../row.tsx';
import {useTheme} from '../theme.ts';
import {CheckLines} from './check-lines.tsx';
import type {SettingFieldProps} from './field.ts';
import {FormContext, insideField} from './form-context.ts';
import {commonBeginning, completions, listNames, type ListNames} from './path-completion.ts';
import {textInput, TextLineView, useTextLine} from '../text/index.ts';
import {useCheck} from './use-check.ts';
import {useField, useFieldValue} from './use-field.ts';

/** At 80x16 the field, its help and the check must fit. */
const SHOWN_FOLDERS = 5;
const SHOWN_CHECKS = 4;

/** A folder, or a file of weights: Tab completes as in a shell and saves when there is nothing to complete; Up and Down walk through what is below. */
export function PathField(props: SettingFieldProps) {
	const {setting} = props.field;
	const {checks, recent, columns} = useContext(FormContext);
	const {line, apply} = useTextLine(textFromValue(useFieldValue(props)));
	// What was typed, as opposed to what Up and Down put in its place.
	const [typed, setTyped] = useState(line.text);
	const {kind, words = []} = setting.type === 'path' ? setting : {kind: 'folder'};
	const list = useMemo(() => remembering(kind === 'folder' ? {} : {files: '.safetensors'}), [kind]);
	const offers = [...offeredPaths(typed, [...recent(setting.key), ...words]), ...completions(typed, list)];
	const checked = useCheck(checks[setting.key], line.text);
	const setText = (text: string) => apply({type: 'replace', text}).text;

	useField(props, (input, key, {report, save}) => {
		const take = (text: string, {isTyped}: {isTyped: boolean}): void => {
			if (isTyped) {
				setTyped(text);
			}

			report(valueFromText(setting, text));
		};

		if (key.tab) {
			const completed = commonBeginning(offers.filter(offer => offer.startsWith(line.text)));
			if (completed.length > line.text.length) {
				take(setText(completed), {isTyped: true});
			} else {
				save('saved-by-tab');
			}

			return;
		}

		if (key.upArrow || key.downArrow) {
			const at = offers.indexOf(line.text);
			const next = offers[key.downArrow ? at + 1 : at - 1] ?? typed;
			take(setText(next), {isTyped: false});
			return;
		}

		const {action, enter} = textInput(input, key);
		if (action) {
			take(apply(action).text, {isTyped: true});
		}

		if (enter) {
			save();
		}
	});
	return (
		<Box flexDirection="column">
			<TextLineView line={line} columns={insideField(columns)}/>
			<Offers offers={offers} chosen={line.text} columns={insideField(columns)}/>
			<CheckLines lines={checked} rows={SHOWN_CHECKS} columns={insideField(columns)}/>
		</Box>
	);
}

function Offers({offers, chosen, columns}: {offers: readonly string[]; chosen: string; columns: number}) {
	const theme = useTheme();
	const first = Math.max(0, Math.min(offers.indexOf(chosen), offers.length - SHOWN_FOLDERS));
	return (
		<>
			{offers.slice(first, first + SHOWN_FOLDERS).map(offer => (
				<Row key={offer} columns={columns}><Text {...(offer === chosen ? theme.accent : theme.dim)}>{offer === chosen ? theme.glyphs.pointer : ' '} {offer}</Text></Row>
			))}
		</>
	);
}

/** Paths known from before that fit what was typed; they come ahead of the folders of the disk. */
const offeredPaths = (typed: string, known: readonly string[]): readonly string[] => known.filter(path => path.startsWith(typed) && path !== typed);

/** Each folder is read once while the field is open. */
function remembering(what: {readonly files?: string}): ListNames {
	const known = new Map<string, readonly string[]>();
	return folder => {
		const names = known.get(folder) ?? listNames(folder, what);
		known.set(folder, names);
		return names;
	};
}
