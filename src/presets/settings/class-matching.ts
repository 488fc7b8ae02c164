import {classImages} from '../needs.ts';
import {choice} from '../setting.ts';

export const classMatching = choice({
	key: 'classMatching',
	group: 'image',
	label: 'Class images to use',
	help: 'Only class images that match prompt and size, with missing ones made, or all that are there.',
	longHelp: 'Match counts, for each bucket and class prompt, the images that the base model made before and your own of about that shape, makes what is missing, and leaves the rest unused. '
		+ 'All uses every image of the class image folder as it is and makes none: for a set of your own. Which of both it was could not be seen in the extension, where own images were ignored and made anew when their captions or sizes differed.',
	choices: [
		{value: 'match', help: 'those that match; missing ones are made'},
		{value: 'all', help: 'all of mine; none is made'},
	],
	default: 'match',
	needs: classImages,
	extension: {keys: ['disable_class_matching'], english: 'Disable Class Matching', chinese: '禁用类匹配'},
	aliases: ['class image reuse', '类图像匹配'],
});
