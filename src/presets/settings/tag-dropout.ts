import {real} from '../setting.ts';

export const tagDropout = real({
	key: 'tagDropout',
	group: 'text',
	label: 'Tag dropout',
	help: 'The probability that a tag is left out of a caption, drawn for each tag each time.',
	longHelp: 'The model then learns each tag apart from those it always stands with. 0.1 is a careful value, 0 is off; the first tags (keepTags) are never left out. No effect on prompts without commas.',
	min: 0,
	max: 1,
	step: 0.05,
	default: 0,
	aliases: ['caption_tag_dropout_rate', '标签丢弃'],
});
