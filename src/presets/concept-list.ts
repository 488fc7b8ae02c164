import fs from 'node:fs';
import path from 'node:path';
import {conceptSchema, type Concept} from './concepts.ts';
import {JsonError, parseJson, type Position} from './json.ts';
import {nearest} from './nearest.ts';
import {absolutePath, faultOf} from './paths.ts';
import type {Problem} from './problem.ts';
import {accepts, schemaOf} from './schema.ts';
import {conceptSettings} from './settings/concept.ts';
import type {Setting} from './setting.ts';

/** The concepts of a list, or why there are none; problems carry line and column. */
export interface ConceptList {
	readonly concepts?: readonly Concept[];
	readonly problems: readonly Problem[];
}

/** Keys of the extension's list by the setting that takes their value. Both names may be used. */
const keyOf: ReadonlyMap<string, Setting> = new Map(conceptSettings.flatMap(setting => [setting.key, ...(setting.extension?.keys ?? [])].map(key => [key, setting as Setting])));

/** Keys that mean nothing here, and why. An empty reason: it was never the person's to set. */
const legacy: Readonly<Record<string, string>> = {
	is_valid: '',
	max_steps: 'Steps belong to the whole run: set maxSteps there.',
	num_class_images: 'It counted all class images of the concept: set num_class_images_per, the number for each instance image.',
	file_prompt_contents: 'Captions are put in where [filewords] stands in a prompt: write the prompt so.',
};

/**
 * Reads a list of concepts with the keys of the A1111 DreamBooth extension (or ours): a JSON file, whose relative paths start
 * from its folder, or JSON itself, whose relative paths start from `folder`. Never throws for what the list holds.
 */
export function readConceptList(source: string, folder: string = process.cwd()): ConceptList {
	const isText = /^\s*[[{]/.test(source);
	let text = source;
	if (!isText) {
		const file = absolutePath(source, folder);
		try {
			text = fs.readFileSync(file, 'utf8');
		} catch (error) {
			return {problems: [{level: 'block', key: '', message: `The concepts list ${file} ${faultOf(error)}.`, cure: 'Give the path of a JSON file, or the JSON itself between quotes.'}]};
		}

		return parseList(text, path.dirname(file));
	}

	return parseList(text, folder);
}

function parseList(text: string, folder: string): ConceptList {
	try {
		const {value, positions} = parseJson(text);
		const list = Array.isArray(value) ? value : undefined;
		if (!list || list.length === 0 || list.some(entry => typeof entry !== 'object' || entry === null || Array.isArray(entry))) {
			return {problems: [{level: 'block', key: '', message: 'A concepts list is an array of objects with at least one of them.', cure: 'Write [{"instance_data_dir": "photos", "instance_prompt": "a photo of sks dog"}].'}]};
		}

		const read = list.map((entry, index) => readConcept(entry as Record<string, unknown>, index, positions, folder));
		const problems = read.flatMap(one => one.problems);
		return {problems, ...(problems.some(({level}) => level === 'block') ? {} : {concepts: read.map(({concept}) => concept)})};
	} catch (error) {
		if (!(error instanceof JsonError)) {
			throw error;
		}

		const backslash = /\\[^"\\/bfnrtu]|[A-Za-z]:\\/.test(text) ? ' In JSON a backslash is written twice: "C:\\\\photos". A forward slash works as well.' : '';
		return {problems: [{level: 'block', key: '', message: `The concepts list is not JSON: ${error.message}`, cure: error.cure + (error.cure.includes('backslash') ? '' : backslash), ...error.position}]};
	}
}

function readConcept(entry: Readonly<Record<string, unknown>>, index: number, positions: ReadonlyMap<string, Position>, folder: string): {readonly concept: Concept; readonly problems: readonly Problem[]} {
	const problems: Problem[] = [];
	const values: Record<string, unknown> = {};
	const say = (level: Problem['level'], key: string, message: string, cure: string) => problems.push({level, key: `concepts.${index}.${key}`, message, cure, ...positions.get(`${index}.${key}`)});
	for (const [key, value] of Object.entries(entry)) {
		const setting = keyOf.get(key);
		if (setting) {
			const meant = converted(key, value, setting, folder);
			if (schemaOf(setting).safeParse(meant).success) {
				values[setting.key] = setting.type === 'path' && meant !== '' ? absolutePath(portable(meant as string), folder) : meant;
			} else if (setting.type === 'path' && typeof value === 'string') {
				say('block', key, `${key} is ${JSON.stringify(value)}, which is no path.`, 'In JSON a backslash is written twice: "C:\\\\photos". A forward slash works as well.');
			} else {
				say('block', key, `${key} is ${JSON.stringify(value)}. It must ${accepts(setting)}.`, 'Change it, or leave it out.');
			}
		} else if (key in legacy) {
			if (legacy[key] !== '') {
				say('warn', key, `${key} is of an older version and has no effect.`, legacy[key]);
			}
		} else {
			const spelling = key.includes('_') ? [...keyOf.keys()].filter(name => name.includes('_')) : [...keyOf.keys()];
			const meant = nearest(key, spelling);
			say('block', key, `${key} is no key of a concept.`, meant === undefined ? 'Remove it.' : `Did you mean ${meant}?`);
		}
	}

	if (!values.instanceImages) {
		say('block', 'instance_data_dir', `Concept ${index + 1} has no folder of instance images.`, 'Set its instance_data_dir.');
	} else if (!fs.existsSync(values.instanceImages as string)) {
		say('block', 'instance_data_dir' in entry ? 'instance_data_dir' : 'instanceImages', `The folder of concept ${index + 1}, ${String(values.instanceImages)}, does not exist.`, 'Correct the path; relative paths start from the folder of the list.');
	}

	return {concept: conceptSchema.parse(problems.some(({level}) => level === 'block') ? {} : values), problems};
}

/** The extension's value as the setting has it. */
function converted(key: string, value: unknown, setting: Setting, folder: string): unknown {
	if (key === 'save_sample_prompt') {
		return value === '' || value === undefined ? [] : [value];
	}

	if (key === 'save_sample_template') {
		return typeof value === 'string' && value !== '' ? linesOf(absolutePath(portable(value), folder)) : [];
	}

	return value === null && setting.default !== undefined ? setting.default : value;
}

/** One prompt a line; a file that cannot be read is no list of texts, which is said of the key. */
function linesOf(file: string): readonly string[] | undefined {
	try {
		return fs.readFileSync(file, 'utf8').split(/\r?\n/).map(line => line.trim()).filter(line => line !== '');
	} catch {
		return undefined;
	}
}

/** `photos\dog` from a Windows machine is `photos/dog` here; a drive has no place on this system and stays, to be reported. */
const portable = (given: string): string => (path.sep === '/' && given.includes('\\') && !fs.existsSync(given) ? given.replaceAll('\\', '/') : given);
