import type {TrainingConfig} from '../presets/index.ts';
import {Adapters, plannedLike, type AdapterOptions, type ModelAdapters, type PlannedAdapter} from './adapters.ts';
import {hostsOf, isTarget, loraHosts} from './models/index.ts';
import {declareNetworks, type DeclaredNetworks, type StableDiffusion} from './stable-diffusion.ts';
import {openLora, WeightsError, type LoraModule, type LoraNetwork} from './weights/index.ts';

/** What of the config decides about adapters. */
export type LoraConfig = Pick<TrainingConfig, 'trainUnet' | 'trainTextEncoder' | 'loraTargets' | 'loraRank' | 'loraTextEncoderRank' | 'loraAlpha' | 'loraFile' | 'loraInit' | 'seed'>;

const networks = ['unet', 'textEncoder'] as const;

const sizeOf = (network: LoraNetwork, {loraRank, loraTextEncoderRank, loraAlpha}: LoraConfig): Pick<PlannedAdapter, 'rank' | 'alpha'> => {
	const rank = network === 'unet' ? loraRank : loraTextEncoderRank;
	return {rank, alpha: loraAlpha === 0 ? rank : loraAlpha};
};

/**
 * The adapters that a run trains; they change nothing yet. A network that is not trained has those of the LoRA that is continued,
 * if it has any.
 * @throws WeightsError when that LoRA has other ranks or other modules than the config
 */
export const adaptersToTrain = (config: LoraConfig) => async ({declared, used}: DeclaredNetworks): Promise<ModelAdapters> => {
	const continued = await modulesOf(config.loraFile, declared);
	const planned = {
		unet: config.trainUnet ? plannedFor('unet') : plannedLike(continued, 'unet', used.unet),
		textEncoder: config.trainTextEncoder ? plannedFor('textEncoder') : plannedLike(continued, 'textEncoder', used.textEncoder),
	};
	function plannedFor(network: LoraNetwork): PlannedAdapter[] {
		requireLike(continued.filter(module => module.network === network), config);
		return hostsOf(used[network]).filter(({path}) => isTarget(network, path, config.loraTargets)).map(host => ({host, ...sizeOf(network, config)}));
	}

	return created(planned, {seed: config.seed, init: config.loraInit});
};

/** The adapters of a file, to be used at a strength: 1 as trained, 0 not at all. */
export const adaptersOfFile = (file: string, {strength}: {strength: number}) => async ({declared}: DeclaredNetworks): Promise<ModelAdapters> => {
	const opened = await openLora(file, loraHosts(declared));
	try {
		const like = (network: LoraNetwork) => plannedLike(opened.modules, network, declared[network]);
		const adapters = await created({unet: like('unet'), textEncoder: like('textEncoder')}, {strength});
		for (const each of Object.values(adapters)) await each.restore(opened.modules);
		return adapters;
	} finally {
		await opened.close();
	}
};

/** Brings a model's adapters to where a file has them. */
export async function continueLora(model: Pick<StableDiffusion, 'folder' | 'adapters'>, file: string): Promise<void> {
	const opened = await openLora(file, loraHosts(declareNetworks(model.folder)));
	try {
		for (const adapters of Object.values(model.adapters)) await adapters.restore(opened.modules);
	} finally {
		await opened.close();
	}
}

async function created(planned: Readonly<Record<LoraNetwork, readonly PlannedAdapter[]>>, options: AdapterOptions): Promise<ModelAdapters> {
	const adapters: Partial<Record<LoraNetwork, Adapters>> = {};
	for (const network of networks) {
		if (planned[network].length > 0) adapters[network] = await Adapters.create(network, planned[network], options);
	}
	return adapters;
}

/** What a file holds; its values are not read. */
async function modulesOf(file: string, declared: DeclaredNetworks['declared']): Promise<readonly LoraModule[]> {
	if (file === '') return [];
	const opened = await openLora(file, loraHosts(declared));
	await opened.close();
	return opened.modules;
}

/** @throws WeightsError naming the setting that has to be another */
function requireLike(continued: readonly LoraModule[], config: LoraConfig): void {
	for (const {network, path, rank} of continued) {
		const [key, own] = network === 'unet' ? ['loraRank', config.loraRank] as const : ['loraTextEncoderRank', config.loraTextEncoderRank] as const;
		const what = `${config.loraFile} cannot be continued with these settings:`;
		if (rank !== own) throw new WeightsError(`${what} its adapter of ${path} has the rank ${rank}, and ${key} is ${own}.`, {action: `Set ${key} to ${rank}.`});
		if (isTarget(network, path, config.loraTargets)) continue;
		const wide = (['transformer', 'all'] as const).find(targets => isTarget(network, path, targets));
		throw new WeightsError(`${what} it has an adapter of ${path}, which loraTargets (${config.loraTargets}) leaves out.`, {
			action: wide ? `Set loraTargets to ${wide}.` : 'This program does not train such an adapter: begin a new LoRA.',
		});
	}
}
