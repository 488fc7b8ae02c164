import {elementCount} from './dtypes.ts';
import type {Network} from './network-files.ts';

/** A tensor's place in a single file: name, shape, and which third of it where three are stacked there (q, k, v). */
export interface Place {
	readonly name: string;
	readonly shape: readonly number[];
	readonly third?: 0 | 1 | 2;
}

export type Placing = (name: string, shape: readonly number[]) => Place;

/** Which names the text encoder has in a single file: SD 1's own, or those of OpenCLIP in SD 2. */
export type TextEncoderLayout = 'clip' | 'openclip';

/**
 * The LDM names of a network's tensors (the layout of the original Stable Diffusion code, which A1111 and ComfyUI
 * load). How many levels and layers a network has is read off its names.
 * @param names all of the network's diffusers names
 */
export function ldmPlaces(network: Network, names: Iterable<string>, textEncoder: TextEncoderLayout): Placing {
	if (network === 'unet') return prefixed('model.diffusion_model.', unetPlaces([...names]));
	if (network === 'vae') return prefixed('first_stage_model.', vaePlaces([...names]));
	if (textEncoder === 'openclip') return prefixed('cond_stage_model.model.', openClipPlace);
	return prefixed('cond_stage_model.transformer.', (name, shape) => ({name, shape}));
}

const prefixed =
	(prefix: string, place: Placing): Placing =>
	(name, shape) => {
		const inner = place(name, shape);
		return {...inner, name: prefix + inner.name};
	};

/** One more than the largest number that `pattern` captures. */
const count = (names: readonly string[], pattern: RegExp): number => Math.max(-1, ...names.map(name => Number(pattern.exec(name)?.[1] ?? -1))) + 1;

/** Renames by the first rule whose pattern fits; the replacement gets the captured texts. */
type Rule = readonly [RegExp, (...captured: string[]) => string];

function rename(name: string, rules: readonly Rule[]): string {
	for (const [pattern, replacement] of rules) {
		const match = pattern.exec(name);
		if (match !== null) return replacement(...match.slice(1)) + name.slice(match[0].length);
	}
	return name;
}

const resnetParts: Readonly<Record<string, string>> = {
	norm1: 'in_layers.0',
	conv1: 'in_layers.2',
	time_emb_proj: 'emb_layers.1',
	norm2: 'out_layers.0',
	conv2: 'out_layers.3',
	conv_shortcut: 'skip_connection',
};

/** A block with n layers fills n + 1 places on the way down (n resnets, a downsampler) and n + 1 resnets on the way up. */
function unetPlaces(names: readonly string[]): Placing {
	const layers = count(names, /^down_blocks\.0\.resnets\.(\d+)\./);
	const perBlock = layers + 1;
	const attends = new Set(names.flatMap(name => /^up_blocks\.(\d+)\.attentions\./.exec(name)?.[1] ?? []));
	const rules: readonly Rule[] = [
		[/^conv_in\./, () => 'input_blocks.0.0.'],
		[/^time_embedding\.linear_(\d)/, n => `time_embed.${2 * (Number(n) - 1)}`],
		[/^down_blocks\.(\d+)\.resnets\.(\d+)\.(\w+)/, (i, j, part) => `input_blocks.${perBlock * +i + +j + 1}.0.${resnetParts[part]}`],
		[/^down_blocks\.(\d+)\.attentions\.(\d+)\./, (i, j) => `input_blocks.${perBlock * +i + +j + 1}.1.`],
		[/^down_blocks\.(\d+)\.downsamplers\.0\.conv\./, i => `input_blocks.${perBlock * (+i + 1)}.0.op.`],
		[/^mid_block\.resnets\.(\d+)\.(\w+)/, (j, part) => `middle_block.${2 * +j}.${resnetParts[part]}`],
		[/^mid_block\.attentions\.0\./, () => 'middle_block.1.'],
		[/^up_blocks\.(\d+)\.resnets\.(\d+)\.(\w+)/, (i, j, part) => `output_blocks.${perBlock * +i + +j}.0.${resnetParts[part]}`],
		[/^up_blocks\.(\d+)\.attentions\.(\d+)\./, (i, j) => `output_blocks.${perBlock * +i + +j}.1.`],
		[/^up_blocks\.(\d+)\.upsamplers\.0\./, i => `output_blocks.${perBlock * +i + layers}.${attends.has(i) ? 2 : 1}.`],
		[/^conv_norm_out\./, () => 'out.0.'],
		[/^conv_out\./, () => 'out.2.'],
	];
	return (name, shape) => ({name: rename(name, rules), shape});
}

const vaeAttentionParts: Readonly<Record<string, string>> = {group_norm: 'norm', to_q: 'q', to_k: 'k', to_v: 'v', 'to_out.0': 'proj_out'};

/** The decoder counts its levels from the finest here; the attention's linears are 1x1 convolutions. */
function vaePlaces(names: readonly string[]): Placing {
	const last = count(names, /^decoder\.up_blocks\.(\d+)\./) - 1;
	const rules: readonly Rule[] = [
		[/^encoder\.down_blocks\.(\d+)\.resnets\.(\d+)\./, (i, j) => `encoder.down.${i}.block.${j}.`],
		[/^encoder\.down_blocks\.(\d+)\.downsamplers\.0\./, i => `encoder.down.${i}.downsample.`],
		[/^decoder\.up_blocks\.(\d+)\.resnets\.(\d+)\./, (i, j) => `decoder.up.${last - +i}.block.${j}.`],
		[/^decoder\.up_blocks\.(\d+)\.upsamplers\.0\./, i => `decoder.up.${last - +i}.upsample.`],
		[/^(encoder|decoder)\.mid_block\.resnets\.(\d+)\./, (half, j) => `${half}.mid.block_${+j + 1}.`],
		[/^(encoder|decoder)\.mid_block\.attentions\.0\.(group_norm|to_[qkv]|to_out\.0)\./, (half, part) => `${half}.mid.attn_1.${vaeAttentionParts[part]}.`],
		[/^(encoder|decoder)\.conv_norm_out\./, half => `${half}.norm_out.`],
	];
	return (name, shape) => {
		const isLinear = /\.attentions\.\d+\.to_.*weight$/.test(name);
		return {name: rename(name, rules).replace('.conv_shortcut.', '.nin_shortcut.'), shape: isLinear ? [...shape, 1, 1] : shape};
	};
}

const openClipParts: Readonly<Record<string, string>> = {
	layer_norm1: 'ln_1',
	layer_norm2: 'ln_2',
	'mlp.fc1': 'mlp.c_fc',
	'mlp.fc2': 'mlp.c_proj',
	'self_attn.out_proj': 'attn.out_proj',
};

const openClipRules: readonly Rule[] = [
	[/^text_model\.embeddings\.token_embedding\./, () => 'token_embedding.'],
	[/^text_model\.embeddings\.position_embedding\.weight/, () => 'positional_embedding'],
	[/^text_model\.final_layer_norm\./, () => 'ln_final.'],
	[/^text_model\.encoder\.layers\.(\d+)\.self_attn\.[qkv]_proj\./, n => `transformer.resblocks.${n}.attn.in_proj_`],
	[/^text_model\.encoder\.layers\.(\d+)\.(layer_norm[12]|mlp\.fc[12]|self_attn\.out_proj)\./, (n, part) => `transformer.resblocks.${n}.${openClipParts[part]}.`],
];

/** OpenCLIP stacks the rows of query, key and value in one matrix. */
const openClipPlace: Placing = (name, shape) => {
	const part = /\.self_attn\.([qkv])_proj\./.exec(name)?.[1];
	const renamed = rename(name, openClipRules);
	if (part === undefined) return {name: renamed, shape};
	return {name: renamed, shape: [3 * shape[0], ...shape.slice(1)], third: 'qkv'.indexOf(part) as 0 | 1 | 2};
};

/** Two shapes for the same numbers: single files have some 1x1 convolutions as matrices and the other way round. */
export const sameElements = (a: readonly number[], b: readonly number[]): boolean =>
	elementCount(a) === elementCount(b) && a.slice(0, 2).join() === b.slice(0, 2).join();
