import type {Command} from 'commander';
import {defaultConfig, formatProblems, isBlocking, parseConfig, PresetStore, readConceptList, readConfigFile, readConfigValues, type Concept, type ConceptList, type Facts, type TrainingConfig} from '../presets/index.ts';
import type {Run} from '../train/protocol/index.ts';
import {UsageError} from './usage-error.ts';

/** Where the config that the flags change comes from. */
export interface ConfigSource {
	readonly config?: string;
	readonly preset?: string;
	/** A concepts list: a JSON file, or JSON. */
	readonly concepts?: string;
}

export const withConfigSource = (command: Command): Command => command
	.option('--config <file>', 'a config file (JSON)')
	.option('--preset <name>', 'a preset: dreambooth presets list')
	.option('--concepts <file|json>', 'the subjects, as a concepts list of the A1111 extension, instead of those of the config');

/**
 * The config of a file, a preset or an earlier run; without any, the defaults.
 * `facts`: of the machine that it is for.
 * @throws UsageError when it is not right, or when two are named
 */
export async function readConfig(source: ConfigSource, options: {readonly earlier?: Run; readonly facts?: Facts} = {}): Promise<TrainingConfig> {
	// Read first: the config may have no subject without it.
	const concepts = source.concepts === undefined ? undefined : acceptConcepts(readConceptList(source.concepts), source.concepts);
	const config = await readOriginal(source, options, concepts);
	return concepts ? {...config, concepts} : config;
}

async function readOriginal({config: file, preset}: ConfigSource, {earlier, facts}: {readonly earlier?: Run; readonly facts?: Facts}, concepts: readonly Concept[] | undefined): Promise<TrainingConfig> {
	if (file !== undefined && preset !== undefined) {
		throw new UsageError('--config and --preset both say what to train.', 'Give one of them.');
	}

	if (file !== undefined) {
		if (concepts) {
			// Only its values count: the rules between them are checked with the subjects in place.
			const {values, problems} = await readConfigValues(file);
			return accept(problems.some(isBlocking) ? {problems} : {config: values, problems}, file);
		}

		return accept(await readConfigFile(file, facts), file);
	}

	if (preset !== undefined) {
		return accept(new PresetStore().get(preset), `preset ${preset}`);
	}

	return earlier ? accept(parseConfig(earlier.record.config), `run ${earlier.record.id}`) : defaultConfig();
}

function accept({config, problems}: ReturnType<typeof parseConfig>, from: string): TrainingConfig {
	if (!config) {
		throw new UsageError(`The config is not right:\n${formatProblems(problems, {file: from})}`, 'Mend it, or see dreambooth explain SETTING.');
	}

	return config;
}

function acceptConcepts({concepts, problems}: ConceptList, from: string): readonly Concept[] {
	if (!concepts) {
		throw new UsageError(`The concepts list is not right:\n${formatProblems(problems, from.trimStart().startsWith('[') ? {} : {file: from})}`, 'Mend what is named above.');
	}

	if (problems.length > 0) {
		process.stderr.write(`${formatProblems(problems)}\n`);
	}

	return concepts;
}
