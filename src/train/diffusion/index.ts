export {DiffusionError} from './diffusion-error.ts';
export {addNoise, noiseSchedule, signalToNoise, velocity, type NoiseSchedule, type NoiseScheduleConfig} from './noise-schedule.ts';
export {createSampler, effectiveSchedulerConfig, samplers, type Sampler, type SamplerConfig, type SamplerName, type SamplerOptions} from './samplers/index.ts';
export {timestepEmbedding} from './timestep-embedding.ts';
