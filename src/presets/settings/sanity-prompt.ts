import {samples} from '../needs.ts';
import {text} from '../setting.ts';

export const sanityPrompt = text({
	key: 'sanityPrompt',
	group: 'sampling',
	label: 'Sanity prompt',
	help: 'One more sample that is not about your subject, to see whether the model drifts.',
	longHelp: 'Made with each set of samples, in 40 steps at guidance 7.5 and from a seed of its own. When its picture falls apart, the model forgets: lower the learning rate or train less. Empty makes none.',
	default: '',
	extension: {keys: ['sanity_prompt'], english: 'Sanity Sample Prompt', chinese: '完整性示例提示词'},
	needs: samples,
});
