import {adamBeta1} from './adam-beta1.ts';
import {adamBeta2} from './adam-beta2.ts';
import {adamEpsilon} from './adam-epsilon.ts';
import {attention} from './attention.ts';
import {baseModelEma} from './base-model-ema.ts';
import {baseModel} from './base-model.ts';
import {batchSize} from './batch-size.ts';
import {cacheLatents} from './cache-latents.ts';
import {captionDropout} from './caption-dropout.ts';
import {classBatchSize} from './class-batch-size.ts';
import {classMatching} from './class-matching.ts';
import {clipSkip} from './clip-skip.ts';
import {crop} from './crop.ts';
import {deterministic} from './deterministic.ts';
import {device} from './device.ts';
import {emaDecay} from './ema-decay.ts';
import {emaExport} from './ema-export.ts';
import {emaMemory} from './ema-memory.ts';
import {emaPredict} from './ema-predict.ts';
import {emaRule} from './ema-rule.ts';
import {emaSave} from './ema-save.ts';
import {ema} from './ema.ts';
import {engine} from './engine.ts';
import {epochs} from './epochs.ts';
import {expertOverrides} from './expert-overrides.ts';
import {freezeClipNormalization} from './freeze-clip-normalization.ts';
import {gpu} from './gpu.ts';
import {gradientAccumulation} from './gradient-accumulation.ts';
import {gradientCheckpointing} from './gradient-checkpointing.ts';
import {gradientClip} from './gradient-clip.ts';
import {guidance} from './guidance.ts';
import {horizontalFlip} from './horizontal-flip.ts';
import {huberThreshold} from './huber-threshold.ts';
import {init} from './init.ts';
import {keepCheckpoints} from './keep-checkpoints.ts';
import {keepTags} from './keep-tags.ts';
import {learningRateSchedule} from './learning-rate-schedule.ts';
import {learningRate} from './learning-rate.ts';
import {loraAlpha} from './lora-alpha.ts';
import {loraDropout} from './lora-dropout.ts';
import {loraFile} from './lora-file.ts';
import {loraInit} from './lora-init.ts';
import {loraLearningRate} from './lora-learning-rate.ts';
import {loraRank} from './lora-rank.ts';
import {loraTargets} from './lora-targets.ts';
import {loraTextEncoderLearningRate} from './lora-text-encoder-learning-rate.ts';
import {loraTextEncoderRank} from './lora-text-encoder-rank.ts';
import {loss} from './loss.ts';
import {maxBuckets} from './max-buckets.ts';
import {maxSteps} from './max-steps.ts';
import {maxTokenLength} from './max-token-length.ts';
import {mergeLora} from './merge-lora.ts';
import {minLearningRate} from './min-learning-rate.ts';
import {minSnrGamma} from './min-snr-gamma.ts';
import {name} from './name.ts';
import {offsetNoise} from './offset-noise.ts';
import {optimizer} from './optimizer.ts';
import {outputFolder} from './output-folder.ts';
import {outputMetadata} from './output-metadata.ts';
import {outputPrecision} from './output-precision.ts';
import {padTokens} from './pad-tokens.ts';
import {pauseEveryEpochs} from './pause-every-epochs.ts';
import {pauseSeconds} from './pause-seconds.ts';
import {precision} from './precision.ts';
import {prediction} from './prediction.ts';
import {priorLossTarget} from './prior-loss-target.ts';
import {priorLossWeightMin} from './prior-loss-weight-min.ts';
import {priorLossWeight} from './prior-loss-weight.ts';
import {proofExport} from './proof-export.ts';
import {resolution} from './resolution.ts';
import {sampleEveryEpochs} from './sample-every-epochs.ts';
import {sampleEverySteps} from './sample-every-steps.ts';
import {sampleNegativePrompt} from './sample-negative-prompt.ts';
import {samplePrompts} from './sample-prompts.ts';
import {sampleSeed} from './sample-seed.ts';
import {sampler} from './sampler.ts';
import {samplingSteps} from './sampling-steps.ts';
import {sanityNegativePrompt} from './sanity-negative-prompt.ts';
import {sanityPrompt} from './sanity-prompt.ts';
import {sanitySeed} from './sanity-seed.ts';
import {saveEveryEpochs} from './save-every-epochs.ts';
import {saveEverySteps} from './save-every-steps.ts';
import {saveModelDuring} from './save-model-during.ts';
import {saveModelOnStop} from './save-model-on-stop.ts';
import {scaleLearningRate} from './scale-learning-rate.ts';
import {scalePriorLoss} from './scale-prior-loss.ts';
import {scheduleCycles} from './schedule-cycles.ts';
import {scheduleFactor} from './schedule-factor.ts';
import {schedulePosition} from './schedule-position.ts';
import {schedulePower} from './schedule-power.ts';
import {seed} from './seed.ts';
import {sgdMomentum} from './sgd-momentum.ts';
import {shuffleTags} from './shuffle-tags.ts';
import {splitLoss} from './split-loss.ts';
import {tagDropout} from './tag-dropout.ts';
import {textEncoderGradientClip} from './text-encoder-gradient-clip.ts';
import {textEncoderLearningRate} from './text-encoder-learning-rate.ts';
import {textEncoderStepRatio} from './text-encoder-step-ratio.ts';
import {textEncoderWeightDecay} from './text-encoder-weight-decay.ts';
import {trainTextEncoder} from './train-text-encoder.ts';
import {trainUnet} from './train-unet.ts';
import {training} from './training.ts';
import {vae} from './vae.ts';
import {validateEverySteps} from './validate-every-steps.ts';
import {validationImages} from './validation-images.ts';
import {warmupSteps} from './warmup-steps.ts';
import {weightDecay} from './weight-decay.ts';
import {zeroTerminalSnr} from './zero-terminal-snr.ts';
import type {Setting, ValueOf} from '../setting.ts';

/** Every setting, in the order of the README's table and of the forms. A new one is its file and its line here. */
const list = [
	name,
	baseModel,
	baseModelEma,
	init,
	vae,
	prediction,
	training,
	trainUnet,
	trainTextEncoder,
	textEncoderStepRatio,
	freezeClipNormalization,
	clipSkip,
	shuffleTags,
	keepTags,
	tagDropout,
	captionDropout,
	maxTokenLength,
	padTokens,
	loraTargets,
	loraRank,
	loraTextEncoderRank,
	loraAlpha,
	loraDropout,
	loraInit,
	loraFile,
	ema,
	emaDecay,
	emaRule,
	emaMemory,
	emaSave,
	emaExport,
	emaPredict,
	resolution,
	crop,
	maxBuckets,
	horizontalFlip,
	classMatching,
	maxSteps,
	epochs,
	batchSize,
	classBatchSize,
	gradientAccumulation,
	optimizer,
	learningRate,
	textEncoderLearningRate,
	loraLearningRate,
	loraTextEncoderLearningRate,
	scaleLearningRate,
	learningRateSchedule,
	warmupSteps,
	pauseEveryEpochs,
	pauseSeconds,
	scheduleCycles,
	schedulePower,
	minLearningRate,
	scheduleFactor,
	schedulePosition,
	priorLossWeight,
	scalePriorLoss,
	priorLossTarget,
	priorLossWeightMin,
	splitLoss,
	minSnrGamma,
	offsetNoise,
	zeroTerminalSnr,
	loss,
	huberThreshold,
	weightDecay,
	textEncoderWeightDecay,
	adamBeta1,
	adamBeta2,
	adamEpsilon,
	sgdMomentum,
	gradientClip,
	textEncoderGradientClip,
	precision,
	attention,
	gradientCheckpointing,
	cacheLatents,
	sampleEverySteps,
	sampleEveryEpochs,
	samplePrompts,
	sampleNegativePrompt,
	sampler,
	samplingSteps,
	guidance,
	sampleSeed,
	sanityPrompt,
	sanityNegativePrompt,
	sanitySeed,
	validationImages,
	validateEverySteps,
	saveEverySteps,
	saveEveryEpochs,
	saveModelDuring,
	saveModelOnStop,
	keepCheckpoints,
	outputPrecision,
	outputMetadata,
	outputFolder,
	mergeLora,
	proofExport,
	device,
	gpu,
	engine,
	seed,
	deterministic,
	expertOverrides,
] as const;

export type SettingKey = (typeof list)[number]['key'];

/** The value of every setting by its key. */
export type SettingValues = {readonly [S in (typeof list)[number] as S['key']]: ValueOf<S>};

export const settings: readonly Setting<SettingKey>[] = list;

const byKey: ReadonlyMap<string, Setting<SettingKey>> = new Map(settings.map(setting => [setting.key, setting]));

/** The setting of a key of the config. */
export const settingOf = (key: SettingKey): Setting<SettingKey> => byKey.get(key)!;
