import {lora} from '../needs.ts';
import {path} from '../setting.ts';

export const loraFile = path({
	key: 'loraFile',
	group: 'model',
	label: 'LoRA to continue',
	help: 'A LoRA file that training begins with; empty to begin a new one.',
	longHelp: 'A `.safetensors` file in the names of kohya or diffusers, made for this kind of base model. Ranks must be those set here; alpha may differ. Modules that the file has no adapters for begin new ones. `dreambooth train --further RUN` fills it in. No effect on memory or speed.',
	kind: 'file',
	default: '',
	needs: lora,
	extension: {keys: ['lora_model_name'], english: 'Lora Model', chinese: 'Lora 模型'},
	aliases: ['initial lora', 'network weights', 'continue lora'],
});
