import {looseTags} from '../needs.ts';
import {int} from '../setting.ts';

export const keepTags = int({
	key: 'keepTags',
	group: 'text',
	label: 'Tags that stay',
	help: 'So many tags at the beginning of a caption are neither shuffled nor left out.',
	longHelp: '1 keeps the first tag, where the rare word of your subject stands, as the extension did. More where several tags name the subject. No effect on memory or speed.',
	min: 0,
	max: 75,
	step: 1,
	default: 1,
	unit: 'tags',
	needs: looseTags,
	aliases: ['keep_tokens', 'keep tokens', '保留标签'],
});
