import path from 'node:path';
import {startEngine, type Engine, type EngineWishes} from './engine.ts';
import {openModelFiles, type ModelSource} from './model-files.ts';
import {cacheFolder} from './runtime/index.ts';
import type {ModelFolder} from './weights/index.ts';

/**
 * Opens the model that a run starts from, with what the config changes about it, and starts the engine for its structure.
 * `structures`: where the configs of single files are kept.
 * @throws WeightsError, BaseModelError
 */
export async function openBaseModel(source: ModelSource, wishes: EngineWishes, structures = path.join(cacheFolder(), 'structures')): Promise<{folder: ModelFolder; engine: Engine}> {
	const folder = await openModelFiles(source, structures);
	try {
		return {folder, engine: startEngine(folder, wishes)};
	} catch (error) {
		await folder.close();
		throw error;
	}
}
