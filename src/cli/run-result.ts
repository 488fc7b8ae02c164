import path from 'node:path';
import {parseConfig, type TrainingConfig} from '../presets/index.ts';
import {RunError, summarizeRun, type Run} from '../train/protocol/index.ts';

/** What a run has made: the diffusers folder of a model, or a LoRA file for the model that the run began with. Paths are absolute. */
export type Result =
	| {readonly kind: 'model'; readonly folder: string; readonly config?: TrainingConfig}
	| {readonly kind: 'lora'; readonly file: string; readonly config: TrainingConfig; readonly furtherFrom?: string};

/** @throws RunError when it has made nothing yet */
export function resultOf(run: Run): Result {
	const {output, outputFolder, state} = summarizeRun(run);
	const {config} = parseConfig(run.record.config);
	if (output !== undefined && config?.training === 'lora') {
		return {kind: 'lora', file: path.join(run.folder, output), config, furtherFrom: run.record.furtherFrom};
	}

	if (outputFolder === undefined) {
		throw new RunError(`Run ${run.record.id} (${state}) has made no diffusers folder to go on from.`, `Let it finish first: dreambooth resume ${run.record.id}`);
	}

	return {kind: 'model', folder: path.join(run.folder, outputFolder), config};
}
