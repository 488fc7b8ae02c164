import type {Unit} from './network-units.ts';

/** 16 stands for both half formats. */
export type Bits = 16 | 32;

/**
 * Bytes that the forward pass leaves for the backward pass at each position of one image, per channel of the unit's input and
 * output; and per entry of the score matrix, when attention keeps it.
 */
export interface KeptBytes {
	readonly resnet: {readonly channelsIn: number; readonly channelsOut: number; readonly shortcut: number};
	readonly transformer: number;
	readonly convolution: number;
	readonly textLayer: {readonly channelsIn: number; readonly channelsOut: number};
	readonly score: number;
	/** With gradient checkpointing: what is left of a unit that is computed again. */
	readonly checkpointed: {readonly resnet: number; readonly transformer: number; readonly textLayer: number};
}

/**
 * What an engine takes in bytes where engines differ. Everything else (how many parameters and activations there are) follows
 * from the model.
 */
export interface EngineProfile {
	readonly name: 'pytorch' | 'cpu' | 'gpu';
	/** Where the memory is. */
	readonly device: 'cpu' | 'gpu';
	/** What the byte counts rest on. */
	readonly basis: string;
	/** Whether they were compared with measured peaks of this engine. */
	readonly calibrated: boolean;
	readonly kept: Readonly<Record<Bits, KeptBytes>>;
	/** Largest share of a unit's activations that exists a second time while its gradients are made. */
	readonly backwardShare: number;
	/** Bytes per entry of the score matrix that the backward pass of attention holds at once. */
	readonly scoreGradient: Readonly<Record<Bits, number>>;
	/** Chunked attention: size of a piece of the score matrix in f32, and how many the backward pass holds at once. Scores that fit one piece are kept as in full attention. */
	readonly chunkBytes: number;
	readonly chunksAtOnce: number;
	/** Bytes that a network which is only used takes per parameter: halves, where the arithmetic is in halves. */
	frozen(bits: Bits): number;
	/** Whether the autoencoder and the text encoder stay while the UNet trains on cached latents and text states. */
	readonly keepsFrozen: {readonly autoencoder: boolean; readonly textEncoder: boolean};
	/** Bytes of a gradient until its parameter is updated. */
	readonly gradient: Readonly<Record<Bits, number>>;
	/** Half copies of the weights stay through the step, or are made for each use and freed after it. */
	readonly keepsCasts: boolean;
	/** Executed one by one, operations keep all their results to the end of the step: times the activations, and bytes per trained parameter. */
	readonly eager: {readonly activations: number; readonly perParameter: number};
	/** While parameters are updated: bytes per trained parameter, copies of the largest tensor, and times the state in 8 bits that is unpacked at once. */
	readonly update: {readonly perParameter: number; readonly largestTensors: number; readonly unpacked: number};
	/** Where no limit of the gradient needs all gradients at once, each update follows its gradient: copies of the largest tensor then, with 8-bit state; undefined: never. */
	readonly updateInTurn?: {readonly largestTensors: number};
	/** Bytes per pixel of the image for each channel of the autoencoder's first level, f32. */
	readonly autoencoder: {readonly encode: number; readonly decode: number};
	/** Bytes per position and channel of the widest layer while the UNet only predicts, f32. */
	readonly predict: number;
	/** What the networks take while they are read, beyond the weights as they are kept. */
	load(unetParameters: number, textEncoderParameters: number): number;
	/** With gradient accumulation: bytes per trained parameter for the sums. */
	readonly accumulator: number;
	/** How much of its gradients each further lane adds: lanes end a layer at about the same time, and then its gradients are added up. */
	readonly laneGradients: number;
	/** How much of what its layers work with each further lane adds: lanes are seldom all at their largest layer. */
	readonly laneWorking: number;
	/** While files are written: copies of the largest tensor in the memory that the plan is about. */
	readonly save: {readonly largestTensors: number};
	/** The program, its libraries, contexts and kernels; and what it takes for each unit of a compiled step. */
	readonly context: {readonly bytes: number; readonly perUnit: number};
	/** Memory that is taken and cannot be used: gaps between tensors, rounding up; a share of everything but the context. */
	readonly gaps: number;
}

const gibibyte = 2 ** 30;
const mebibyte = 2 ** 20;

/**
 * PyTorch 2.11 with diffusers, eager, allocator's peak: the byte counts of the tensors that its autograd keeps. Here to check
 * the formulas by figures that were measured independently of this program.
 */
export const pytorchProfile: EngineProfile = {
	name: 'pytorch',
	device: 'gpu',
	basis: 'tensors kept by autograd, checked against the allocator of an H200',
	calibrated: true,
	kept: {
		32: {
			resnet: {channelsIn: 12, channelsOut: 12, shortcut: 0},
			transformer: 124,
			convolution: 4,
			textLayer: {channelsIn: 48, channelsOut: 12},
			score: 4,
			checkpointed: {resnet: 4, transformer: 16, textLayer: 4},
		},
		// Autocast keeps the inputs of norms and softmax in f32, and a half copy for the matrix product that follows.
		16: {
			resnet: {channelsIn: 10, channelsOut: 10, shortcut: 2},
			transformer: 74,
			convolution: 2,
			textLayer: {channelsIn: 32, channelsOut: 8},
			score: 6,
			checkpointed: {resnet: 2, transformer: 10, textLayer: 4},
		},
	},
	backwardShare: 0,
	scoreGradient: {16: 8, 32: 8},
	chunkBytes: 0,
	chunksAtOnce: 0,
	frozen: bits => bits / 8,
	gradient: {16: 4, 32: 4},
	keepsCasts: true,
	keepsFrozen: {autoencoder: false, textEncoder: true},
	// The foreach update of AdamW makes one temporary of all parameters.
	update: {perParameter: 4, largestTensors: 0, unpacked: 0},
	// ComfyUI's fitted rule, 1767 and 2178 bytes per pixel and byte of the number format for 128 channels.
	autoencoder: {encode: (1767 * 4) / 128, decode: (2178 * 4) / 128},
	predict: 40,
	// Networks are read in f32, and what is only used is converted then.
	load: (unetParameters, textEncoderParameters) => 2 * (unetParameters + textEncoderParameters),
	accumulator: 4,
	laneGradients: 1,
	laneWorking: 1,
	eager: {activations: 1, perParameter: 0},
	save: {largestTensors: 0},
	context: {bytes: 0, perUnit: 0},
	gaps: 0,
};

/**
 * What our layers keep, counted in src/train/nn: a resnet the input and the result of each of its two norms (the activation is
 * part of the norm); a transformer 30 times its channels (8 of them before GEGLU, 4 after it). Halves where the layers compute in halves.
 */
const ownKept = (bits: Bits): KeptBytes => {
	const bytes = bits / 8;
	return {
		resnet: {channelsIn: 2 * bytes, channelsOut: 2 * bytes, shortcut: 0},
		transformer: 30 * bytes,
		convolution: bytes,
		textLayer: {channelsIn: 9 * bytes, channelsOut: 2 * bytes},
		score: bytes,
		checkpointed: {resnet: bytes, transformer: 4 * bytes, textLayer: bytes},
	};
};

/**
 * Our engine on the CPU, as one TensorFlow graph. Calibrated by bench/memory.ts against resident memory, which differs by some 6 %
 * from run to run: the executor's order of operations and the gaps of the C library's allocator do.
 */
export const cpuProfile: EngineProfile = {
	name: 'cpu',
	device: 'cpu',
	basis: 'tensors kept by our layers, calibrated on resident memory (bench/memory.ts)',
	calibrated: true,
	// In halves a graph holds the f32 of many activations too: TensorFlow merges equal casts of the forward and the backward pass.
	kept: {32: ownKept(32), 16: ownKept(32)},
	backwardShare: 1,
	scoreGradient: {16: 8, 32: 8},
	chunkBytes: 128 * mebibyte,
	chunksAtOnce: 5,
	frozen: bits => bits / 8,
	gradient: {16: 4, 32: 4},
	keepsCasts: true,
	keepsFrozen: {autoencoder: true, textEncoder: true},
	update: {perParameter: 0, largestTensors: 3, unpacked: 2},
	autoencoder: {encode: 16, decode: 20},
	predict: 40,
	load: () => 0,
	// The sums, and one more set that the allocator holds between the two functions.
	accumulator: 8,
	laneGradients: 0.7,
	laneWorking: 0.6,
	// Clipped gradients and decays beside the gradients themselves.
	eager: {activations: 3.7, perParameter: 8},
	save: {largestTensors: 3},
	context: {bytes: 540 * mebibyte, perUnit: 1.5 * mebibyte},
	gaps: 0.12,
};

/**
 * Our engine on a GPU, compiled by XLA, which updates all state in place, keeps gradients in the precision of the layer that makes them,
 * and of full attention in halves the scores beside their softmax. Calibrated by what XLA plans for eleven configurations on an H200
 * (bench/results/gpu-planned.json) and by the driver's count of the process for thirteen (bench/results/gpu-table.json): CUDA with cuDNN and cuBLAS takes
 * 0.48 GiB with small stacks (runtime/gpu-memory.ts), what their kernels work with 0.28 GiB, and the pool has no gaps to speak of.
 */
export const gpuProfile: EngineProfile = {
	...cpuProfile,
	name: 'gpu',
	device: 'gpu',
	basis: 'tensors kept by our layers, calibrated on what the driver of an H200 counts for the whole process (bench/gpu/table.ts)',
	calibrated: true,
	kept: {32: ownKept(32), 16: {...ownKept(16), score: 4}},
	scoreGradient: {16: 4, 32: 8},
	gradient: {16: 2, 32: 4},
	keepsCasts: false,
	keepsFrozen: {autoencoder: false, textEncoder: false},
	accumulator: 4,
	update: {perParameter: 0, largestTensors: 1, unpacked: 0},
	updateInTurn: {largestTensors: 3},
	save: {largestTensors: 1},
	context: {bytes: 0.76 * gibibyte, perUnit: 0},
	gaps: 0.01,
};

/** Bytes that a unit keeps for the backward pass per image, without scores. */
export const keptBytes = ({kind, positions, channelsIn, channelsOut}: Unit, kept: KeptBytes): number => {
	switch (kind) {
		case 'resnet': {
			const {channelsIn: input, channelsOut: output, shortcut} = kept.resnet;
			return positions * (input * channelsIn + output * channelsOut + (channelsIn === channelsOut ? 0 : shortcut * channelsIn));
		}

		case 'transformer': {
			return positions * channelsIn * kept.transformer;
		}

		case 'text-layer': {
			return positions * (channelsIn * kept.textLayer.channelsIn + channelsOut * kept.textLayer.channelsOut);
		}

		case 'convolution': {
			return positions * channelsIn * kept.convolution;
		}

		case 'other': {
			return 0;
		}
	}
};

/** The same with gradient checkpointing. */
export const checkpointedBytes = (unit: Unit, kept: KeptBytes): number => {
	const {kind, positions, channelsIn} = unit;
	switch (kind) {
		case 'resnet': {
			return positions * channelsIn * kept.checkpointed.resnet;
		}

		case 'transformer': {
			return positions * channelsIn * kept.checkpointed.transformer;
		}

		case 'text-layer': {
			return positions * channelsIn * kept.checkpointed.textLayer;
		}

		default: {
			return keptBytes(unit, kept);
		}
	}
};

/** Entries of each of the unit's score matrices, of one image. */
export const scoreEntries = ({positions, attention}: Unit): readonly number[] => (attention ? attention.keys.map(keys => attention.heads * positions * keys) : []);
