import {stat} from 'node:fs/promises';
import path from 'node:path';
import {
	parseSchedulerConfig,
	parseTextEncoderConfig,
	parseUNetConfig,
	parseVaeConfig,
	type SchedulerConfig,
	type TextEncoderConfig,
	type UNetConfig,
	type VaeConfig,
} from './configs.ts';
import {explainFileErrors, WeightsError} from './errors.ts';
import {networks, openNetwork, readJson, type Network, type NetworkWeights} from './network-files.ts';
import {randomWeights, type RandomStart} from './random-weights.ts';
import {openSafetensors, type SafetensorsFile} from './safetensors.ts';
import {shorten} from './shorten.ts';

/** A Stable Diffusion model on disk: checked configs and open weight files, whose tensors have diffusers' names. */
export interface ModelFolder {
	/** Absolute. */
	readonly folder: string;
	readonly modelIndex: Readonly<Record<string, unknown>>;
	readonly unetConfig: UNetConfig;
	readonly vaeConfig: VaeConfig;
	readonly textEncoderConfig: TextEncoderConfig;
	readonly schedulerConfig: SchedulerConfig;
	readonly unet: SafetensorsFile;
	readonly vae: SafetensorsFile;
	readonly textEncoder: SafetensorsFile;
	readonly tokenizerFolder: string;
	/** Networks whose files have other names than we write (variants, shards, old keys): saving writes them anew. */
	readonly toNormalize: ReadonlySet<Network>;
	/** Fields of its JSON files that a saved model has differently, by file. */
	readonly changedFields: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
	/** Of a single file: tensors that its networks do not use, but other programs expect. They go into the next single file as they are. */
	readonly remainder?: SafetensorsFile;
	/** What the person should know about the files, one sentence each. */
	readonly warnings: readonly string[];
	/** Closes the weight files. */
	close(): Promise<void>;
}

/**
 * Opens a diffusers folder (`model_index.json`, `unet/`, `vae/`, `text_encoder/`, `tokenizer/`, `scheduler/`).
 * @param options.random networks whose weights are drawn: their files are not looked for
 * @throws WeightsError naming the file and field, key or value that is missing or not supported
 */
export async function openModelFolder(folder: string, {random}: {readonly random?: RandomStart} = {}): Promise<ModelFolder> {
	const root = path.resolve(folder);
	await requireFolder(root);
	const structure = await readStructure(root);
	const {unet, vae, textEncoder} = await openNetworks(structure, random);
	const opened = {unet, vae, textEncoder};
	return {
		...structure,
		unet: unet.file,
		vae: vae.file,
		textEncoder: textEncoder.file,
		toNormalize: new Set((Object.keys(opened) as Network[]).filter(network => !opened[network].canonical)),
		warnings: Object.values(opened).flatMap(({warnings}) => warnings),
		close: async () => {
			await Promise.all(Object.values(opened).map(({file}) => file.close()));
		},
	};
}

/** What a model folder has besides weights. */
export type ModelStructure = Omit<ModelFolder, Network | 'toNormalize' | 'remainder' | 'warnings' | 'close'>;

/** Reads the configs of a model folder. @throws WeightsError as openModelFolder does */
export async function readStructure(root: string): Promise<ModelStructure> {
	const modelIndex = await readModelIndex(root);
	const config = (name: string, file = 'config.json') => path.join(root, name, file);
	const read = async <T>(parse: (json: unknown, file: string) => T, file: string): Promise<T> => parse(await readJson(file), file);
	const unetConfig = await read(parseUNetConfig, config('unet'));
	const vaeConfig = await read(parseVaeConfig, config('vae'));
	const textEncoderConfig = await read(parseTextEncoderConfig, config('text_encoder'));
	const schedulerConfig = await read(parseSchedulerConfig, config('scheduler', 'scheduler_config.json'));
	if (unetConfig.crossAttentionDim !== textEncoderConfig.hiddenSize) {
		throw new WeightsError(
			`${root}: the UNet takes text states of width ${unetConfig.crossAttentionDim} (cross_attention_dim), the text encoder gives ${textEncoderConfig.hiddenSize} (hidden_size).`,
			{action: 'Take unet/ and text_encoder/ from the same model.'},
		);
	}
	return {folder: root, modelIndex, unetConfig, vaeConfig, textEncoderConfig, schedulerConfig, tokenizerFolder: path.join(root, 'tokenizer'), changedFields: {}};
}

async function openNetworks(structure: ModelStructure, random: RandomStart | undefined): Promise<Record<Network, NetworkWeights>> {
	const {folder, unetConfig: {useLinearProjection}} = structure;
	const names = ['unet', 'vae', 'textEncoder'] as const;
	const open = async (network: Network): Promise<NetworkWeights> =>
		network !== 'vae' && random?.networks.includes(network) ?
			{file: randomWeights(network, structure, random.seed), canonical: false, warnings: []}
		:	openNetwork(network, path.join(folder, networks[network].folder), {linearProjection: useLinearProjection});
	const results = await Promise.allSettled(names.map(open));
	const failed = results.find(result => result.status === 'rejected');
	if (failed !== undefined) {
		await Promise.all(results.map(result => (result.status === 'fulfilled' ? result.value.file.close() : undefined)));
		throw failed.reason;
	}
	return Object.fromEntries(results.flatMap((result, i) => (result.status === 'fulfilled' ? [[names[i], result.value]] : []))) as Record<Network, NetworkWeights>;
}

async function requireFolder(root: string): Promise<void> {
	const found = await explainFileErrors(`open the base model ${root}`, () => stat(root));
	if (found.isDirectory()) return;
	// A pickle or a broken file says more about itself than that it is not a folder.
	await (await openSafetensors(root)).close();
	throw new WeightsError(`${root} is a single file, not a diffusers folder.`, {
		action: 'Give a folder with model_index.json, unet/, vae/, text_encoder/, tokenizer/ and scheduler/.',
	});
}

/** The classes that the networks here stand for. */
const supportedClasses: Readonly<Record<string, readonly string[]>> = {
	unet: ['UNet2DConditionModel'],
	vae: ['AutoencoderKL'],
	text_encoder: ['CLIPTextModel'],
	tokenizer: ['CLIPTokenizer', 'CLIPTokenizerFast'],
};

async function readModelIndex(root: string): Promise<Readonly<Record<string, unknown>>> {
	const file = path.join(root, 'model_index.json');
	const isThere = await stat(file).then(
		() => true,
		() => false,
	);
	if (!isThere) {
		throw new WeightsError(`${root} is not a diffusers model folder: it has no model_index.json.`, {
			action: 'Give the folder that holds model_index.json, unet/, vae/, text_encoder/, tokenizer/ and scheduler/.',
		});
	}
	const index = ((await readJson(file)) ?? {}) as Readonly<Record<string, unknown>>;
	const problems = index._class_name === 'StableDiffusionPipeline' ? [] : [`_class_name is ${shorten(index._class_name)}; supported: "StableDiffusionPipeline"`];
	for (const [component, classes] of Object.entries(supportedClasses)) {
		const entry = index[component];
		const className: unknown = Array.isArray(entry) ? entry[1] : entry;
		if (!classes.includes(className as string)) problems.push(`${component} is ${shorten(className)}; supported: ${classes.map(each => JSON.stringify(each)).join(' or ')}`);
	}
	if (problems.length === 0) return index;
	throw new WeightsError(`${file} describes a pipeline that is not supported:\n  ${problems.join('\n  ')}`, {
		action: 'Choose a Stable Diffusion 1.x or 2.x base model (no inpainting, no SDXL).',
	});
}
