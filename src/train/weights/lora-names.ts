import type {LoraHosts, LoraModule} from './lora.ts';

export type LoraNetwork = 'unet' | 'textEncoder';

/** `kohya`: sd-scripts' names, which A1111 and ComfyUI load too. `diffusers`: those of diffusers and peft. */
export type LoraLayout = 'kohya' | 'diffusers';

export type LoraPart = 'down' | 'up' | 'alpha';

const prefixes: Readonly<Record<LoraLayout, Readonly<Record<LoraNetwork, string>>>> = {
	kohya: {unet: 'lora_unet_', textEncoder: 'lora_te_'},
	diffusers: {unet: 'unet.', textEncoder: 'text_encoder.'},
};

/** What the tensors of a module are called; diffusers has none for alpha. */
export function loraNames(layout: LoraLayout, network: LoraNetwork, path: string): {readonly down: string; readonly up: string; readonly alpha?: string} {
	const prefix = prefixes[layout][network];
	if (layout === 'diffusers') return {down: `${prefix}${path}.lora_A.weight`, up: `${prefix}${path}.lora_B.weight`};
	const name = prefix + flat(path);
	return {down: `${name}.lora_down.weight`, up: `${name}.lora_up.weight`, alpha: `${name}.alpha`};
}

/** Which module and part of it a tensor of a LoRA file is; undefined when the model has no such module, or it is no LoRA's name. */
export function parseLoraName(name: string, hosts?: LoraHosts): {network: LoraNetwork; path: string; part: LoraPart} | undefined {
	const parsed = parseKohya(name) ?? parseDiffusers(name);
	const fits = ({network, path}: {network: LoraNetwork; path: string}) => (hosts ? hosts[network].has(path) : roots[network].test(path));
	return parsed && fits(parsed) ? parsed : undefined;
}

/** Of every path in a network: a file in the names of another layout must not be taken for one of ours. */
const roots: Readonly<Record<LoraNetwork, RegExp>> = {unet: /^(down_blocks|mid_block|up_blocks|conv_in|conv_out|time_embedding)\b/, textEncoder: /^text_model\./};

/** The words of the paths of diffusers that have underscores within. */
const words = /(?:down|up|transformer)_blocks|mid_block|time_embedding|time_emb_proj|conv_(?:in|out|shortcut)|proj_(?:in|out)|to_(?:q|k|v|out)|linear_[12]|text_model|self_attn|(?:q|k|v|out)_proj|_/g;

/** kohya joins a path with underscores, which are also within its words. */
const unflat = (joined: string): string => joined.replaceAll(words, word => (word === '_' ? '.' : word));

function parseKohya(name: string): ReturnType<typeof parseLoraName> {
	const [, kind, joined, part] = /^lora_(unet|te)_(.+)\.(lora_down\.weight|lora_up\.weight|alpha)$/.exec(name) ?? [];
	if (joined === undefined) return undefined;
	const network = kind === 'unet' ? 'unet' : 'textEncoder';
	return {network, path: unflat(joined), part: part === 'alpha' ? part : part === 'lora_down.weight' ? 'down' : 'up'};
}

/**
 * peft's names, and the older ones of diffusers: `to_q.lora.down.weight`, `processor.to_q_lora.down.weight`,
 * `q_proj.lora_linear_layer.down.weight`, a UNet without its prefix, a text encoder without `text_model`.
 */
function parseDiffusers(name: string): ReturnType<typeof parseLoraName> {
	const {network: prefix, module = '', old, part = ''} = /^(?:(?<network>unet|text_encoder)\.)?(?<module>.+?)(?:\.lora_linear_layer|\.lora|\.processor\.(?<old>to_q|to_k|to_v|to_out)_lora)?\.(?<part>lora_A\.weight|lora_B\.weight|down\.weight|up\.weight|alpha)$/.exec(name.replace('.default.weight', '.weight'))?.groups ?? {};
	if (module === '') return undefined;
	const network = prefix === 'text_encoder' ? 'textEncoder' : 'unet';
	const path = old === undefined ? module : `${module}.${old === 'to_out' ? 'to_out.0' : old}`;
	return {
		network,
		path: network === 'textEncoder' && path.startsWith('encoder.') ? `text_model.${path}` : path,
		part: part === 'alpha' ? part : part === 'lora_A.weight' || part === 'down.weight' ? 'down' : 'up',
	};
}

const flat = (path: string): string => path.replaceAll('.', '_');

/** The configuration that peft needs to load the adapters as they were trained: without it alpha would be taken for the rank. */
export function diffusersMetadata(modules: readonly LoraModule[]): Record<string, string> {
	const fields: Record<string, unknown> = {};
	for (const network of ['unet', 'textEncoder'] as const) {
		const own = modules.filter(module => module.network === network);
		if (own.length === 0) continue;
		const [{rank: r, alpha: lora_alpha}] = own;
		const others = own.filter(({rank, alpha}) => rank !== r || alpha !== lora_alpha);
		const config = {
			r,
			lora_alpha,
			target_modules: own.map(({path}) => path),
			// Also when they are empty: diffusers 0.36 asks for both.
			rank_pattern: Object.fromEntries(others.map(({path, rank}) => [path, rank])),
			alpha_pattern: Object.fromEntries(others.map(({path, alpha}) => [path, alpha])),
		};
		for (const [field, value] of Object.entries(config)) fields[prefixes.diffusers[network] + field] = value;
	}
	return {lora_adapter_metadata: JSON.stringify(fields)};
}
