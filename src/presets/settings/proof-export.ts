import {toggle} from '../setting.ts';

export const proofExport = toggle({
	key: 'proofExport',
	group: 'saving',
	label: 'Prove the file',
	help: 'Load the finished file again and compare its picture with the one that the run showed.',
	longHelp: 'After saving, the file (a LoRA together with its base model) is read from the disk into the place of the trained weights, and the first sample is made once more with the same noise. The log says how far the two pictures are apart; a file that makes another picture is reported. It takes as long as one or two samples and no memory beyond training\'s.',
	default: true,
	aliases: ['verify export', 'check output', '验证'],
});
