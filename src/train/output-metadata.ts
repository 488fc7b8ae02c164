import {readdir} from 'node:fs/promises';
import path from 'node:path';
import {conceptSettings, listImages, settings, type TrainingConfig} from '../presets/index.ts';
import {instancePromptOf} from './data/index.ts';
import {drawnNetworks, randomStart} from './model-files.ts';
import {modelSpec, type LoraModule, type ModelFolder} from './weights/index.ts';

/** What of the model is said. */
export interface DescribedModel {
	readonly folder: Pick<ModelFolder, 'textEncoderConfig' | 'schedulerConfig'>;
	/** Of a LoRA: its adapters. */
	readonly modules?: readonly LoraModule[];
}

/**
 * What a finished file says about itself, as far as the person wants it (outputMetadata): ModelSpec, and of a LoRA the keys of
 * kohya's trainer, which A1111 shows and tells its base model by. No paths: names of folders and files are nobody else's business.
 */
export async function metadataFor(runFolder: string, title: string, {folder, modules}: DescribedModel, config: TrainingConfig): Promise<Record<string, string>> {
	if (config.outputMetadata === 'none') return {};
	const spec = modelSpec({...folder, title, resolution: config.resolution, triggerPhrase: triggersOf(config).join(', ') || undefined, kind: modules ? 'lora' : 'model'});
	const random = randomStart(config);
	const basic = {...spec, ...(random && {'modelspec.description': `${drawnNetworks(random)} trained from random weights`}), ...(modules && kohyaMetadata(modules, folder, config))};
	return config.outputMetadata === 'basic' ? basic : {...basic, ...(await fullMetadata(runFolder, config))};
}

/** What a person writes to get the subjects. */
const triggersOf = ({concepts}: TrainingConfig): string[] =>
	[...new Set(concepts.map(concept => instancePromptOf(concept.instancePrompt, '', concept)))].filter(prompt => prompt !== '');

function kohyaMetadata(modules: readonly LoraModule[], {textEncoderConfig, schedulerConfig}: DescribedModel['folder'], config: TrainingConfig): Record<string, string> {
	const v2 = textEncoderConfig.hiddenAct === 'gelu';
	const [{rank, alpha}] = modules;
	return asTexts({
		ss_network_module: 'networks.lora',
		ss_network_dim: rank,
		ss_network_alpha: alpha,
		ss_base_model_version: v2 ? (schedulerConfig.predictionType === 'v_prediction' ? 'sd_v2_v' : 'sd_v2') : 'sd_v1',
		ss_v2: v2 ? 'True' : 'False',
		ss_output_name: config.name,
		ss_learning_rate: config.loraLearningRate,
		ss_unet_lr: config.trainUnet ? config.loraLearningRate : 'None',
		ss_text_encoder_lr: config.trainTextEncoder ? config.loraTextEncoderLearningRate : 'None',
		ss_lr_scheduler: config.learningRateSchedule,
		ss_optimizer: config.optimizer,
		ss_mixed_precision: {f32: 'no', bf16: 'bf16', f16: 'fp16'}[config.precision],
		ss_batch_size_per_device: config.batchSize,
		ss_gradient_accumulation_steps: config.gradientAccumulation,
		ss_gradient_checkpointing: config.gradientCheckpointing ? 'True' : 'False',
		ss_resolution: `(${config.resolution}, ${config.resolution})`,
		ss_clip_skip: config.clipSkip,
		ss_seed: config.seed,
		ss_prior_loss_weight: config.priorLossWeight,
		ss_noise_offset: config.offsetNoise,
		ss_min_snr_gamma: config.minSnrGamma,
	});
}

/** The prompts as A1111 counts them, the settings as JSON that can be trained with again, and the last sample. */
async function fullMetadata(runFolder: string, config: TrainingConfig): Promise<Record<string, string>> {
	const counts = await Promise.all(config.concepts.map(async ({instanceImages}) => listImages(instanceImages).then(({images}) => images.length, () => 1)));
	const tags = config.concepts.map((concept, i) => [`concept ${i + 1}`, {[instancePromptOf(concept.instancePrompt, '', concept)]: counts[i]}]);
	const thumbnail = await thumbnailOf(runFolder);
	return asTexts({
		ss_tag_frequency: JSON.stringify(Object.fromEntries(tags)),
		ss_num_train_images: counts.reduce((sum, count) => sum + count, 0),
		dreambooth_settings: JSON.stringify(withoutPaths(config)),
		...(thumbnail !== undefined && {'modelspec.thumbnail': thumbnail}),
	});
}

/** A config whose folders and files are for the next person to choose. */
function withoutPaths(config: TrainingConfig): object {
	const lacking = (values: object, declared: readonly {readonly key: string; readonly type: string}[]) => {
		const paths = new Set(declared.filter(({type}) => type === 'path').map(({key}) => key));
		return Object.fromEntries(Object.entries(values).filter(([key]) => !paths.has(key)));
	};
	return {...lacking(config, settings), concepts: config.concepts.map(concept => lacking(concept, conceptSettings))};
}

/** ModelSpec: a square JPEG of at most 256 pixels. */
const THUMBNAIL = {width: 256, height: 256, quality: 85};

/** The first of the newest samples, as a data URL. */
async function thumbnailOf(runFolder: string): Promise<string | undefined> {
	const folder = path.join(runFolder, 'samples');
	const [newest] = (await readdir(folder).catch(() => [])).filter(name => /^step-\d+-0\.png$/.test(name)).sort().reverse();
	if (newest === undefined) return undefined;
	const {width, height, quality} = THUMBNAIL;
	const {default: sharp} = await import('sharp');
	const picture = await sharp(path.join(folder, newest)).resize({width, height, fit: 'cover', withoutEnlargement: true}).jpeg({quality}).toBuffer();
	return `data:image/jpeg;base64,${picture.toString('base64')}`;
}

const asTexts = (values: Readonly<Record<string, string | number>>): Record<string, string> => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
