import {choice} from '../setting.ts';

export const outputMetadata = choice({
	key: 'outputMetadata',
	group: 'saving',
	label: 'Metadata',
	help: 'What the finished file says about itself.',
	longHelp: 'A1111 and ComfyUI show it, and whoever gets the file can read it: dreambooth show FILE does. basic says what it is (ModelSpec), its trigger words, and of a LoRA the numbers it was trained with. full adds the prompts, all settings as JSON and a small picture of the last sample, so that the file can be understood, and trained again, years later. Names of folders and of your files are in neither; none leaves everything out. The weights are the same.',
	choices: [
		{value: 'none', help: 'nothing'},
		{value: 'basic', help: 'kind, trigger words, numbers'},
		{value: 'full', help: 'also prompts, settings and a sample'},
	],
	default: 'basic',
	aliases: ['modelspec', 'privacy', 'no_metadata', '元数据'],
});
