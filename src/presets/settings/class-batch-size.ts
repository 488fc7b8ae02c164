import {classImages} from '../needs.ts';
import {int} from '../setting.ts';

export const classBatchSize = int({
	key: 'classBatchSize',
	group: 'memory',
	label: 'Class batch size',
	help: 'Class images that are made at once; 0 chooses by their size.',
	longHelp: 'More at once are made a little faster and take more memory while they are made. The pictures are the same. By itself it takes as many as a step of sampling is worth: 8 of the demo\'s, one of 512 pixels.',
	min: 0,
	max: 100,
	step: 1,
	default: 0,
	unit: 'images',
	extension: {keys: ['sample_batch_size'], english: 'Class Batch Size', chinese: '分类批处理大小'},
	needs: classImages,
});
