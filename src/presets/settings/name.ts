import {text} from '../setting.ts';

export const name = text({
	key: 'name',
	group: 'model',
	label: 'Name',
	help: 'The name of the model you make: of its file and of the run.',
	longHelp: 'Becomes the name of the `.safetensors` file and part of the name of the run folder. An existing file is never overwritten without being asked.',
	default: 'dreambooth',
	pattern: {matches: /^[\p{L}\p{N}_-][\p{L}\p{N}._ -]{0,79}$/u, says: 'be 1 to 80 letters, digits, spaces or any of . _ - and not begin with a dot or a space'},
	extension: {keys: ['model_name', 'custom_model_name'], english: 'Custom Model Name', chinese: '模型名称'},
	aliases: ['output name'],
});
