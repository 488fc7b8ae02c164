import type {SchedulerConfig, TextEncoderConfig} from './configs.ts';

/**
 * The ModelSpec 1.0.1 metadata that A1111 and ComfyUI show.
 * @param kind what the file holds: a whole model, when left out
 * @param resolution side of the training images in pixels
 */
export function modelSpec({title, resolution, textEncoderConfig, schedulerConfig, date = new Date(), triggerPhrase, kind = 'model'}: {
	title: string;
	resolution: number;
	textEncoderConfig: Pick<TextEncoderConfig, 'hiddenAct'>;
	schedulerConfig: Pick<SchedulerConfig, 'predictionType'>;
	date?: Date;
	triggerPhrase?: string;
	kind?: 'model' | 'lora';
}): Record<string, string> {
	const predictsVelocity = schedulerConfig.predictionType === 'v_prediction';
	const second = predictsVelocity ? 'stable-diffusion-v2-768-v' : 'stable-diffusion-v2-512';
	return {
		'modelspec.sai_model_spec': '1.0.1',
		'modelspec.architecture': (textEncoderConfig.hiddenAct === 'gelu' ? second : 'stable-diffusion-v1') + (kind === 'lora' ? '/lora' : ''),
		'modelspec.implementation': kind === 'lora' ? 'diffusers' : 'https://github.com/Stability-AI/generative-models',
		'modelspec.title': title,
		'modelspec.resolution': `${resolution}x${resolution}`,
		'modelspec.date': date.toISOString(),
		'modelspec.prediction_type': predictsVelocity ? 'v' : 'epsilon',
		...(triggerPhrase === undefined ? {} : {'modelspec.trigger_phrase': triggerPhrase}),
	};
}
