import {toggle} from '../setting.ts';

export const horizontalFlip = toggle({
	key: 'horizontalFlip',
	group: 'image',
	label: 'Mirror images at random',
	help: 'Show each image mirrored half of the time.',
	longHelp: 'Doubles what a small set shows; worth a try with very few images, and needs more steps. Not for anything with a left and a right: text, logos, signs, uneven faces. Cached latents take twice the room (kilobytes per image). '
		+ 'It is drawn anew at each step, also with the cache; the extension drew it once and kept it.',
	default: false,
	extension: {keys: ['hflip'], english: 'Apply Horizontal Flip', chinese: '应用水平翻转'},
	aliases: ['mirror', 'flip', '水平翻转'],
});
