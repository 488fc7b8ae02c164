export {atomicWriteFile, syncFolder} from './atomic.ts';
export {checkWeights} from './check-weights.ts';
export {
	parseSchedulerConfig,
	parseTextEncoderConfig,
	parseUNetConfig,
	parseVaeConfig,
	type DownBlockType,
	type SchedulerConfig,
	type TextEncoderConfig,
	type UNetConfig,
	type UpBlockType,
	type VaeConfig,
} from './configs.ts';
export {addNumbers, digestSafetensors, noNumbers, type Hashes, type Numbers} from './digest.ts';
export {elementCount, type Dtype} from './dtypes.ts';
export {openModelFolder, readStructure, type ModelFolder, type ModelStructure} from './diffusers-folder.ts';
export {WeightsError} from './errors.ts';
export {encodeFloats, type FloatType} from './half.ts';
export {mergedWeight, openLora, writeLora, type LoraFile, type LoraHosts, type LoraModule, type LoraTensor} from './lora.ts';
export type {LoraLayout, LoraNetwork} from './lora-names.ts';
export {modelSpec} from './model-spec.ts';
export {writeModelFolder, type SaveOptions} from './model-folder-writer.ts';
export {mainType, namedTensor, type NamedTensor, type SaveReport} from './named-tensors.ts';
export {networkTensors, type TensorShapes} from './network-tensors.ts';
export {openNetwork, readJson, type Network, type NetworkWeights} from './network-files.ts';
export {distributionOf, randomWeights, type Distribution, type RandomStart} from './random-weights.ts';
export {openSafetensors, SafetensorsFile} from './safetensors.ts';
export {structureFolder, type Structure} from './structures.ts';
export {writeSafetensors, type TensorToWrite} from './safetensors-writer.ts';
export {hasEma, openAutoencoderFile, openSingleFile, writeSingleFile, type Networks, type SingleFileOptions, type SingleFileReading} from './single-file.ts';
