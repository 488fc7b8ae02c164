import {randomBytes} from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import {readModelFacts, type ModelFacts} from './base-model.ts';
import {BaseModelError} from './model-error.ts';
import type {TrainingConfig} from './config.ts';
import {checkConfig, type Facts} from './constraints.ts';
import {checkConceptFolders} from './image-folder.ts';
import {JsonError, parseJson} from './json.ts';
import {faultOf} from './paths.ts';
import {parseConfig, readValues, type ParseOptions, type ParsedConfig, type ReadValues} from './parse.ts';
import type {Problem} from './problem.ts';

/** Reads and checks a config file. Relative paths in it start from its folder; problems carry line and column. Never throws for what the file holds. */
export const readConfigFile = async (file: string, facts?: Facts): Promise<ParsedConfig> => readAs(file, (json, options) => parseConfig(json, {...options, ...(facts ? {facts} : {})}));

/** The same without the rules between values: for presets, which may be unfinished. */
export const readConfigValues = async (file: string): Promise<Pick<ReadValues, 'values' | 'problems'>> => readAs(file, readValues);

const readAs = async <T extends {readonly problems: readonly Problem[]}>(file: string, parse: (json: unknown, options: ParseOptions) => T): Promise<T | {readonly problems: readonly Problem[]}> => {
	let text: string;
	try {
		text = await fs.readFile(file, 'utf8');
	} catch (error) {
		return {problems: [{level: 'block', key: '', message: `The config file ${file} ${faultOf(error)}.`, cure: 'Check the path and its permissions.'}]};
	}

	try {
		const {value, positions} = parseJson(text);
		const parsed = parse(value, {folder: path.dirname(path.resolve(file))});
		return {...parsed, problems: parsed.problems.map(problem => ({...problem, ...positions.get(problem.key)}))};
	} catch (error) {
		if (error instanceof JsonError) {
			return {problems: [{level: 'block', key: '', message: error.message, cure: error.cure, ...error.position}]};
		}

		throw error;
	}
};

export class FileExistsError extends Error {
	override readonly name = 'FileExistsError';

	constructor(readonly file: string) {
		super(`${file} exists already. Choose another name, or ask to overwrite it.`);
	}
}

/** Writes a text completely or not at all. Throws FileExistsError when the file is there and `overwrite` is not set. */
export const writeTextFile = async (file: string, text: string, {overwrite = false}: {readonly overwrite?: boolean} = {}): Promise<void> => {
	await fs.mkdir(path.dirname(path.resolve(file)), {recursive: true});
	const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
	try {
		const handle = await fs.open(temporary, 'wx');
		try {
			await handle.writeFile(text);
			await handle.sync();
		} finally {
			await handle.close();
		}

		if (overwrite) {
			await fs.rename(temporary, file);
		} else {
			await placeNew(temporary, file);
		}
	} finally {
		await fs.rm(temporary, {force: true});
	}
};

/** A link refuses an existing name in one move; copying with COPYFILE_EXCL serves file systems that have no links. */
const placeNew = async (temporary: string, file: string): Promise<void> => {
	try {
		await fs.link(temporary, file);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
			throw new FileExistsError(file);
		}

		await fs.copyFile(temporary, file, fs.constants.COPYFILE_EXCL).catch((copyError: NodeJS.ErrnoException) => {
			throw copyError.code === 'EEXIST' ? new FileExistsError(file) : copyError;
		});
	}
};

/** Writes a config as JSON. Throws FileExistsError when the file is there and `overwrite` is not set. */
export const writeConfigFile = async (file: string, config: TrainingConfig, options: {readonly overwrite?: boolean} = {}): Promise<void> =>
	writeTextFile(file, `${JSON.stringify(config, undefined, '\t')}\n`, options);

export interface StartCheck {
	readonly problems: readonly Problem[];
	/** Absent when the base model cannot be read. */
	readonly model?: ModelFacts;
}

/** Everything about a config that can be known before the start without loading a weight: its rules, the base model's folder, the image folders. */
export const checkBeforeStart = async (config: TrainingConfig, facts: Facts = {}): Promise<StartCheck> => {
	let model: ModelFacts | undefined;
	const problems: Problem[] = [];
	try {
		model = config.baseModel === '' ? undefined : readModelFacts(config.baseModel);
	} catch (error) {
		if (!(error instanceof BaseModelError)) {
			throw error;
		}

		problems.push({level: 'block', key: 'baseModel', message: error.fault, cure: error.cure});
	}

	problems.push(...checkConfig(config, {...facts, ...(model ? {model} : {})}), ...(await checkConceptFolders(config.concepts)));
	return {problems, ...(model ? {model} : {})};
};
