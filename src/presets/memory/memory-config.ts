/**
 * Bytes of state per trained parameter: AdamW two f32 moments, Lion and SGD with momentum one. In 8 bits a moment takes a byte
 * and each block of 256 an f32 scale (Dettmers et al. 2022). Adafactor keeps means of rows and
 * columns, of a convolution those of its 3x3 kernels, which is two thirds of it: of SD 1.5's UNet 1.64 of 6.88 GB.
 */
const stateBytes = {
	adamw: 8,
	adamw8bit: 2 * (1 + 4 / 256),
	lion: 4,
	lion8bit: 1 + 4 / 256,
	sgd: 4,
	adafactor: 1.91,
} as const;

/** What of a training config decides about memory. */
export interface MemoryConfig {
	readonly resolution: number;
	readonly batchSize: number;
	readonly gradientAccumulation: number;
	/** With `none`, images are in buckets and a step can take several batches. */
	readonly crop?: string;
	/** When false, prompts have different lengths and each image is a batch. */
	readonly padTokens?: boolean;
	/** 75 when absent. */
	readonly maxTokenLength?: number;
	readonly trainUnet: boolean;
	readonly trainTextEncoder: boolean;
	readonly ema: boolean;
	readonly emaMemory: 'device' | 'host';
	/** f32, or one of the halves. */
	readonly precision: string;
	/** `full` keeps every score, `chunked` pieces of them, `fused` none. */
	readonly attention: string;
	readonly gradientCheckpointing: boolean;
	readonly cacheLatents: string;
	/** What stands between commas changes places, or some of it is left out. */
	readonly shuffleTags?: boolean;
	readonly tagDropout?: number;
	readonly concepts: readonly {readonly classImagesPerInstance: number; readonly instancePrompt?: string}[];
	/** `eager` keeps the results of all operations; the others free what they no longer need. */
	readonly engine: string;
	/** AdamW when absent. */
	readonly optimizer?: keyof typeof stateBytes;
	/** 0: none. */
	readonly gradientClip?: number;
	readonly textEncoderGradientClip?: number;
	/** `lora` trains adapters beside frozen networks; full when absent. */
	readonly training?: string;
	readonly loraRank?: number;
	readonly loraTextEncoderRank?: number;
	/** `attention`, `transformer` (all its linear maps) or `all` (convolutions too). */
	readonly loraTargets?: string;
}

/** Bytes that the optimizer keeps for each trained parameter. */
export const optimizerBytesPerParameter = (optimizer: keyof typeof stateBytes = 'adamw'): number => stateBytes[optimizer];

/** What of that is packed in 8 bits. */
export const packedBytesPerParameter = (optimizer: keyof typeof stateBytes = 'adamw'): number => (optimizer.endsWith('8bit') ? stateBytes[optimizer] : 0);

export const isLora = ({training}: Pick<MemoryConfig, 'training'>): boolean => training === 'lora';

/** Whether each image is encoded once only. A random crop is another image each time. */
export const keepsLatents = ({cacheLatents, crop}: Pick<MemoryConfig, 'cacheLatents' | 'crop'>): boolean => cacheLatents !== 'off' && crop !== 'random';

/** Whether a text encoder that stays as it is reads all prompts before the first step. Captions of files can be too many or vary. */
export const keepsTextStates = ({trainTextEncoder, shuffleTags = false, tagDropout = 0, concepts}: Pick<MemoryConfig, 'trainTextEncoder' | 'shuffleTags' | 'tagDropout' | 'concepts'>): boolean =>
	!trainTextEncoder && concepts.every(({instancePrompt = ''}) => !instancePrompt.includes('[filewords]') && (!instancePrompt.includes(',') || (!shuffleTags && tagDropout === 0)));

/** Images of one micro-batch: class images double it. */
export const rowsOf = ({batchSize, concepts}: Pick<MemoryConfig, 'batchSize' | 'concepts'>): number =>
	batchSize * (hasClassImages({concepts}) ? 2 : 1);

const hasClassImages = ({concepts}: Pick<MemoryConfig, 'concepts'>): boolean => concepts.some(({classImagesPerInstance}) => classImagesPerInstance > 0);

/** Whether a step keeps a sum of gradients over its batches. */
export const addsGradientsUp = ({batchSize, gradientAccumulation, crop, padTokens, concepts}: Pick<MemoryConfig, 'batchSize' | 'gradientAccumulation' | 'crop' | 'padTokens' | 'concepts'>): boolean =>
	gradientAccumulation > 1 || (crop === 'none' && batchSize > 1) || (padTokens === false && hasClassImages({concepts}));
