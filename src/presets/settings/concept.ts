import type {Need, Setting} from '../setting.ts';
import {int, path, real, text} from '../setting.ts';

/** The settings of each concept; the config holds any number of concepts. */

const classImagesWanted: Need = {
	test: values => values.classImagesPerInstance !== 0,
	reason: 'This concept has no class images.',
};

const list = [
	path({
		key: 'instanceImages',
		group: 'image',
		label: 'Instance images',
		help: 'The folder with the pictures of your subject.',
		longHelp: 'Subfolders are searched, too. 5 to 20 sharp, varied pictures of the one thing to learn, cropped by hand, are better than 100 alike.',
		kind: 'folder',
		default: '',
		extension: {keys: ['instance_data_dir'], english: 'Dataset Directory', chinese: '数据集目录'},
		aliases: ['photos', 'images', 'training images', '实例图像', '训练图像'],
	}),
	text({
		key: 'instancePrompt',
		group: 'text',
		label: 'Instance prompt',
		help: 'The words that will stand for your subject, such as: a photo of sks dog',
		longHelp: 'A rare word (sks, zwx, ohwx) names your subject, the noun after it says what kind of thing it is. You write the same words later to get the subject.',
		default: '',
		extension: {keys: ['instance_prompt'], english: 'Instance Prompt', chinese: '实例提示词'},
		aliases: ['instance token', 'trigger word', '触发词'],
	}),
	int({
		key: 'classImagesPerInstance',
		group: 'image',
		label: 'Class images per instance image',
		help: 'Pictures of the class that hold the model to what it knew; 0 is no prior preservation.',
		longHelp: 'Without them every member of the class may turn into your subject. 5 for a person; 0 is often enough for objects and styles. Each step then trains as many class images as instance images: twice the work and twice the activations.',
		min: 0,
		max: 1000,
		step: 1,
		default: 0,
		unit: 'images',
		extension: {keys: ['num_class_images_per'], english: 'Class Images Per Instance Image', chinese: '每个实例图像的类图像数量'},
		aliases: ['num_class_images', 'regularization images', 'prior preservation', '正则化图像', '先验保留'],
	}),
	text({
		key: 'classPrompt',
		group: 'text',
		label: 'Class prompt',
		help: 'The instance prompt without the rare word, such as: a photo of a dog',
		longHelp: 'The base model draws the class images from it. It should say the class of your subject and nothing of the subject itself.',
		default: '',
		needs: classImagesWanted,
		extension: {keys: ['class_prompt'], english: 'Class Prompt', chinese: '类提示词'},
		aliases: ['类别提示词'],
	}),
	path({
		key: 'classImages',
		group: 'image',
		label: 'Class images folder',
		help: 'Your own class images; empty lets the run make them.',
		longHelp: 'Images found here are used first, missing ones are made by the base model from the class prompt and added. Empty keeps them with the run. Images made by the base model itself hold it best.',
		kind: 'folder',
		default: '',
		needs: classImagesWanted,
		extension: {keys: ['class_data_dir'], english: 'Classification Dataset Directory', chinese: '分类数据集目录'},
		aliases: ['regularization folder', '类图像'],
	}),
	text({
		key: 'classNegativePrompt',
		group: 'text',
		label: 'Class negative prompt',
		help: 'What class images should not show.',
		longHelp: 'Used only while class images are made. Usually empty: class images should be what the model draws by itself.',
		default: '',
		needs: classImagesWanted,
		extension: {keys: ['class_negative_prompt'], english: 'Classification Image Negative Prompt', chinese: '类负面提示词'},
	}),
	int({
		key: 'classSamplingSteps',
		group: 'sampling',
		label: 'Class image steps',
		help: 'Sampling steps of class images.',
		longHelp: 'Time grows in proportion. 20 are enough for DPM++ 2M; the extension took 40 to 60 of DDIM.',
		min: 1,
		max: 1000,
		step: 1,
		default: 20,
		unit: 'steps',
		needs: classImagesWanted,
		extension: {keys: ['class_infer_steps'], english: 'Classification Steps', chinese: '类图像步数'},
	}),
	real({
		key: 'classGuidance',
		group: 'sampling',
		label: 'Class image guidance',
		help: 'How closely class images follow the class prompt.',
		longHelp: 'The CFG scale of class images; 7.5 is the usual value. No effect on memory.',
		min: 0,
		max: 30,
		step: 0.5,
		default: 7.5,
		needs: classImagesWanted,
		extension: {keys: ['class_guidance_scale'], english: 'Classification CFG Scale', chinese: '类图像引导系数'},
	}),
] as const;

export type ConceptKey = (typeof list)[number]['key'];

export const conceptSettings: readonly Setting<ConceptKey>[] = list;
