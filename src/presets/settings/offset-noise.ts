import {real} from '../setting.ts';

export const offsetNoise = real({
	key: 'offsetNoise',
	group: 'optimizer',
	label: 'Offset noise',
	help: 'Let the model learn very dark and very bright pictures. 0 is off, 0.1 is usual.',
	longHelp: 'Adds one random value per image and channel to the noise, so that the brightness of a whole picture is learned too. Too much washes colours out. No effect on memory or speed. '
		+ 'The offset is part of what the network is to predict; its sign has no meaning, so negative values of the extension are imported as 0, which is what they were in its fourteenth version.',
	min: 0,
	max: 0.3,
	step: 0.01,
	default: 0,
	extension: {keys: ['offset_noise'], english: 'Offset Noise', chinese: '偏移噪声'},
	aliases: ['noise offset', '噪声偏移'],
});
