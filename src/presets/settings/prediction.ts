import {choice} from '../setting.ts';

export const prediction = choice({
	key: 'prediction',
	group: 'model',
	label: 'Prediction',
	help: 'What the base model\'s UNet predicts: noise, or velocity (SD 2 at 768 pixels).',
	longHelp: 'Auto takes it from the folder\'s scheduler config; of a single file it is read from its metadata, or told from the weights. Set it only if that is wrong: samples at step 0 are then pure noise. It is written into the finished model. No effect on memory or speed.',
	choices: [
		{value: 'auto', help: 'as the base model says'},
		{value: 'epsilon', help: 'noise: SD 1, and SD 2 at 512 pixels'},
		{value: 'v_prediction', help: 'velocity: SD 2 at 768 pixels'},
	],
	default: 'auto',
	extension: {keys: ['v2', 'model_type'], english: 'Model Type', chinese: '模型类型'},
	aliases: ['v-prediction', 'velocity'],
});
