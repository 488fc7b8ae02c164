import {PresetError, type PresetStore, type TrainingConfig} from '../../presets/index.ts';
import {sayFailure} from '../say-failure.ts';

/**
 * Keeps the config as a preset when asked to, starts its run, and remembers its folders. Returns what stood in the way, or nothing.
 * `loaded`: the preset that the values came from, which may be replaced by them.
 */
export async function saveAndStart(config: TrainingConfig, {store, start, keep, loaded}: {
	store: PresetStore; start: (config: TrainingConfig) => Promise<void>; keep: boolean; loaded?: string;
}): Promise<string | undefined> {
	try {
		if (keep) {
			store.save(config.name, config, {overwrite: loaded === config.name});
		}
	} catch (error) {
		if (error instanceof PresetError) {
			return `${error.message} Nothing was started.`;
		}

		throw error;
	}

	try {
		if (config.baseModel !== 'demo') {
			store.remember('baseModels', config.baseModel);
			for (const {instanceImages} of [...config.concepts].reverse()) {
				store.remember('imageFolders', instanceImages);
			}
		}

		await start(config);
		return undefined;
	} catch (error) {
		return sayFailure(error, 'dreambooth doctor says what is missing.');
	}
}
