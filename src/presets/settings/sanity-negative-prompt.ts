import {sanity} from '../needs.ts';
import {text} from '../setting.ts';

export const sanityNegativePrompt = text({
	key: 'sanityNegativePrompt',
	group: 'sampling',
	label: 'Sanity negative prompt',
	help: 'What the sanity sample should not show.',
	longHelp: 'As the negative prompt of the other samples, for the sanity prompt only. No effect on memory or speed.',
	default: '',
	extension: {keys: ['sanity_negative_prompt'], english: 'Sanity Sample Negative Prompt', chinese: '完整性示例负面提示词'},
	needs: sanity,
});
