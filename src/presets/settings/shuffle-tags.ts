import {toggle} from '../setting.ts';

export const shuffleTags = toggle({
	key: 'shuffleTags',
	group: 'text',
	label: 'Shuffle tags',
	help: 'Show the tags of a caption (its parts between commas) in another order each time.',
	longHelp: 'What a word means should not hang on its place, so images made later follow prompts better. The first tags stay in front (keepTags). No effect on prompts without commas; switch it off where the order of tags carries weight. '
		+ 'A frozen text encoder reads each new order once and the last ones are kept, which takes some time and up to 256 MiB.',
	default: true,
	extension: {keys: ['shuffle_tags'], english: 'Shuffle Tags', chinese: '打乱标签'},
	aliases: ['shuffle caption', '标签乱序'],
});
