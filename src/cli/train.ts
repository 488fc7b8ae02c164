import type {Command} from 'commander';
import {findRun} from '../train/protocol/index.ts';
import {beginRun} from './begin-run.ts';
import {readConfig, withConfigSource, type ConfigSource} from './config-source.ts';
import {resultOf} from './run-result.ts';
import {addTrainingFlags, withFlags, type Flags} from './training-flags.ts';
import {UsageError} from './usage-error.ts';
import {showRun, withView, type ViewOptions} from './watch.ts';

interface Origin extends ConfigSource {
	readonly further?: string;
}

export function declare(command: Command): void {
	withConfigSource(command).option('--further <RUN>', 'begin with the weights of a finished run; its config, unless another is named');
	withView(command);
	addTrainingFlags(command);
	command.action(async (options: Origin & ViewOptions & Flags) => {
		const earlier = options.further === undefined ? undefined : findRun(options.further);
		const made = earlier && resultOf(earlier);
		const original = await readConfig(options, {earlier});
		// What was drawn at the beginning of the earlier run has been trained.
		const begun = options.config === undefined && options.preset === undefined && made ? {...original, init: 'pretrained' as const} : original;
		const config = withFlags(made?.kind === 'lora' ? {...begun, training: 'lora', loraFile: made.file} : begun, options);
		if (made && config.init === 'random') {
			throw new UsageError(`--further begins with the weights of run ${earlier?.record.id}, but init is random.`, 'Leave out one of the two: random weights forget what the run has learned.');
		}

		// A LoRA goes on with the model that it was trained on, unless another config names one.
		const furtherFrom = made?.kind === 'model' ? made.folder : options.config === undefined && options.preset === undefined ? made?.furtherFrom : undefined;
		await showRun(await beginRun(config, {furtherFrom}), options);
	});
}
