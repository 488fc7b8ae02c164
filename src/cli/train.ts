import type {Command} from 'commander';
import {defaultConfig, formatProblems, parseConfig, PresetStore, readConfigFile, type TrainingConfig} from '../presets/index.ts';
import {findRun, type Run} from '../train/protocol/index.ts';
import {beginRun} from './begin-run.ts';
import {resultOf} from './run-argument.ts';
import {addTrainingFlags, withFlags, type Flags} from './training-flags.ts';
import {UsageError} from './usage-error.ts';
import {showRun, withView, type ViewOptions} from './watch.ts';

interface Origin {
	readonly config?: string;
	readonly preset?: string;
	readonly further?: string;
}

export function declare(command: Command): void {
	command
		.option('--config <file>', 'a config file (JSON)')
		.option('--preset <name>', 'a preset: dreambooth presets list')
		.option('--further <RUN>', 'begin with the weights of a finished run; its config, unless another is named');
	withView(command);
	addTrainingFlags(command);
	command.action(async (options: Origin & ViewOptions & Flags) => {
		const earlier = options.further === undefined ? undefined : findRun(options.further);
		const made = earlier && resultOf(earlier);
		const original = await originalConfig(options, earlier);
		const config = withFlags(made?.kind === 'lora' ? {...original, training: 'lora', loraFile: made.file} : original, options);
		// A LoRA goes on with the model that it was trained on, unless another config names one.
		const furtherFrom = made?.kind === 'model' ? made.folder : options.config === undefined && options.preset === undefined ? made?.furtherFrom : undefined;
		await showRun(await beginRun(config, {furtherFrom}), options);
	});
}

/** The config that the flags change. */
async function originalConfig({config: file, preset}: Origin, earlier: Run | undefined): Promise<TrainingConfig> {
	if (file !== undefined && preset !== undefined) {
		throw new UsageError('--config and --preset both say what to train.', 'Give one of them.');
	}

	if (file !== undefined) {
		return accept(await readConfigFile(file), file);
	}

	if (preset !== undefined) {
		const {config, problems} = new PresetStore().get(preset);
		return accept({config, problems}, `preset ${preset}`);
	}

	return earlier ? accept(parseConfig(earlier.record.config), `run ${earlier.record.id}`) : defaultConfig();
}

function accept({config, problems}: ReturnType<typeof parseConfig>, from: string): TrainingConfig {
	if (!config) {
		throw new UsageError(`The config is not right:\n${formatProblems(problems, {file: from})}`, 'Mend it, or see dreambooth explain SETTING.');
	}

	return config;
}
