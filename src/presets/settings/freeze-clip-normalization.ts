import {toggle} from '../setting.ts';

export const freezeClipNormalization = toggle({
	key: 'freezeClipNormalization',
	group: 'text',
	label: 'Keep the text encoder\'s normalization',
	help: 'Train the text encoder without the scales and shifts of its normalization layers.',
	longHelp: 'The layer norms of the text encoder stay as they are in the base model. They are a ten-thousandth of its weights, so the effect on the result is small, and there is none on memory or speed.',
	default: false,
	needs: {test: values => values.trainTextEncoder === true && values.training !== 'lora', reason: 'The text encoder is not trained, or by a LoRA, which leaves its normalization as it is.'},
	extension: {keys: ['freeze_clip_normalization'], english: 'Freeze CLIP Normalization Layers', chinese: '冻结 CLIP 归一化层'},
});
