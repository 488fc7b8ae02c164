import {choice} from '../setting.ts';

export const init = choice({
	key: 'init',
	group: 'model',
	label: 'Starting weights',
	help: 'What the trained networks start from: the base model\'s weights, or random ones.',
	longHelp: 'pretrained teaches a model that can draw something new: hundreds of steps with a few photos. random makes a model from nothing: UNet and text encoder, those of them that are trained, begin as PyTorch begins them, with numbers drawn from the seed. '
		+ 'That takes many thousands of captioned pictures, large batches and rates of about 1e-4 with some hundred warm-up steps. The base model then gives the structure, the autoencoder, the tokenizer and what is not trained; of a diffusers folder, the weight files of what is drawn may be missing (its config.json is enough). '
		+ 'For full training only, without class images of the model\'s own making. No effect on memory or speed.',
	choices: [
		{value: 'pretrained', help: 'the weights of the base model'},
		{value: 'random', help: 'random weights, drawn from the seed', aliases: ['from scratch', 'scratch']},
	],
	default: 'pretrained',
	needs: {test: values => values.training !== 'lora', reason: 'A LoRA is trained on top of the base model\'s weights.'},
	aliases: ['random weights', 'random initialization', 'train from scratch', 'weight init', '随机初始化', '从零训练'],
});
