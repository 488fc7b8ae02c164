import {samples} from '../needs.ts';
import {texts} from '../setting.ts';

export const samplePrompts = texts({
	key: 'samplePrompts',
	group: 'sampling',
	label: 'Sample prompts',
	help: 'What the sample images show, one prompt each; none means the instance prompts.',
	longHelp: 'Take the instance prompt, the subject in other places, and one prompt that is not about the subject, to see whether the model drifts. Each prompt costs the time of one image per interval.',
	default: [],
	needs: samples,
	aliases: ['Sample Image Prompt', '示例图像提示词', 'preview prompts', 'sanity prompt', '预览提示词'],
});
