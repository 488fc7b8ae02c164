import {lora} from '../needs.ts';
import {toggle} from '../setting.ts';

export const mergeLora = toggle({
	key: 'mergeLora',
	group: 'saving',
	label: 'Save a merged model too',
	help: 'Write the base model with the LoRA worked into its weights beside the LoRA.',
	longHelp: 'output/NAME_merged.safetensors and the folder output/NAME_merged for diffusers, as full training writes them: 4.2 GB together for SD 1.5 in half precision. For programs that load no LoRA, or as the base of further training. It takes a minute at the end; training is not changed.',
	default: false,
	needs: lora,
	aliases: ['merge', 'bake lora', '合并 lora'],
});
