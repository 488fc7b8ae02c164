import type {Command} from 'commander';
import {defaultConfig, formatProblems, parseConfig, PresetStore, readConfigFile, type Facts, type TrainingConfig} from '../presets/index.ts';
import type {Run} from '../train/protocol/index.ts';
import {UsageError} from './usage-error.ts';

/** Where the config that the flags change comes from. */
export interface ConfigSource {
	readonly config?: string;
	readonly preset?: string;
}

export const withConfigSource = (command: Command): Command => command
	.option('--config <file>', 'a config file (JSON)')
	.option('--preset <name>', 'a preset: dreambooth presets list');

/**
 * The config of a file, a preset or an earlier run; without any, the defaults.
 * `facts`: of the machine that it is for.
 * @throws UsageError when it is not right, or when two are named
 */
export async function readConfig({config: file, preset}: ConfigSource, {earlier, facts}: {readonly earlier?: Run; readonly facts?: Facts} = {}): Promise<TrainingConfig> {
	if (file !== undefined && preset !== undefined) {
		throw new UsageError('--config and --preset both say what to train.', 'Give one of them.');
	}

	if (file !== undefined) {
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
