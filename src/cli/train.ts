import type {Command} from 'commander';
import {findRun} from '../train/protocol/index.ts';
import {beginRun} from './begin-run.ts';
import {readConfig, withConfigSource, type ConfigSource} from './config-source.ts';
import {resultOf} from './run-result.ts';
import {addTrainingFlags, withFlags, type Flags} from './training-flags.ts';
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
		const config = withFlags(made?.kind === 'lora' ? {...original, training: 'lora', loraFile: made.file} : original, options);
		// A LoRA goes on with the model that it was trained on, unless another config names one.
		const furtherFrom = made?.kind === 'model' ? made.folder : options.config === undefined && options.preset === undefined ? made?.furtherFrom : undefined;
		await showRun(await beginRun(config, {furtherFrom}), options);
	});
}
