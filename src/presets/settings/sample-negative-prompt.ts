import {samples} from '../needs.ts';
import {text} from '../setting.ts';

export const sampleNegativePrompt = text({
	key: 'sampleNegativePrompt',
	group: 'sampling',
	label: 'Sample negative prompt',
	help: 'What the sample images should not show.',
	longHelp: 'Takes the place of the empty prompt in guidance. Leave it empty to judge the model itself. No effect on memory or speed.',
	default: '',
	needs: samples,
	aliases: ['Sample Negative Prompt', '示例负面提示词', 'negative prompt', '反向提示词'],
});
