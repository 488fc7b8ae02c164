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
