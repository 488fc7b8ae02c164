export {atomicWriteFile} from './atomic.ts';
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
export {WeightsError} from './errors.ts';
export {encodeFloats, type FloatType} from './half.ts';
export {openSafetensors, SafetensorsFile} from './safetensors.ts';
export {writeSafetensors, type TensorToWrite} from './safetensors-writer.ts';
