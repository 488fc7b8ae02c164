import {path} from '../setting.ts';

export const outputFolder = path({
	key: 'outputFolder',
	group: 'saving',
	label: 'Copy the result to',
	help: 'A folder that the finished file is also put into, such as the models folder of A1111.',
	longHelp: 'The file of the finished model or LoRA is copied there when the run ends, under the run\'s name; where that is taken, with a number behind it. Nothing is overwritten. Everything else stays in the run\'s own folder. Empty makes no copy.',
	kind: 'folder',
	default: '',
	aliases: ['models folder', '输出文件夹'],
});
