/** The families of models that can be trained. */
export type ModelFamily = 'sd1' | 'sd2';

/** Names and shapes of a file's tensors, as its header has them. */
export type NamedShapes = ReadonlyMap<string, {readonly shape: readonly number[]}>;

/** What a safetensors file is, from the names and shapes of its tensors. */
export interface ModelKind {
	/** A checkpoint is a whole model in one file, a UNet at least. */
	readonly kind: 'checkpoint' | 'unet' | 'autoencoder' | 'text encoder' | 'lora' | 'embedding' | 'other';
	/** As the field calls it: `SD 1.5`, `Stable Diffusion XL`, `LoRA for SD 1.5`. */
	readonly name: string;
	/** Of the model that it is, or belongs to; absent where its sizes are not those of a published model. */
	readonly family?: ModelFamily;
	/** The names of its tensors. `ldm`: the original code's, of single files; kohya's and diffusers' for LoRA. */
	readonly layout: 'ldm' | 'diffusers' | 'kohya' | 'other';
	/** Why it is of no use here; absent for what is. */
	readonly refusal?: string;
}

/** SD 1.1 to 1.5 are one structure, and so are 2.0 and 2.1: they are called by the last. */
export const familyNames: Readonly<Record<ModelFamily, string>> = {sd1: 'SD 1.5', sd2: 'SD 2.1'};

const familyOfWidth = (width: number | undefined): ModelFamily | undefined => (width === 768 ? 'sd1' : width === 1024 ? 'sd2' : undefined);

const OTHER_STRUCTURE = 'its networks have other parts than those of Stable Diffusion 1 and 2';

/** Other models and methods, by names that only they have. The first that fits counts. */
const strangers: readonly {readonly mark: RegExp; readonly name: string; readonly refusal: string; readonly kind?: ModelKind['kind']}[] = [
	{mark: /(^|[._])(hada_w[12]_[ab]|hada_t[12])$/, name: 'LoHa (LyCORIS)', kind: 'lora', refusal: 'of the adapters only LoRA is read'},
	{mark: /(^|[._])lokr_w[12]/, name: 'LoKr (LyCORIS)', kind: 'lora', refusal: 'of the adapters only LoRA is read'},
	{mark: /(\.dora_scale|lora_magnitude_vector(\.weight)?)$/, name: 'DoRA', kind: 'lora', refusal: 'it scales the rows of the weights too; only LoRA is read'},
	{mark: /^lora_(te2|te1)_|^text_encoder_2\..*lora|^lora_unet_(input|output)_blocks_.*transformer_blocks_[1-9]/, name: 'LoRA for Stable Diffusion XL', kind: 'lora', refusal: 'it is for larger networks'},
	{mark: /^lora_unet_(double|single)_blocks_|^(transformer|diffusion_model)\..*\.lora_(A|down)\.weight$/, name: 'LoRA for Flux or another transformer', kind: 'lora', refusal: 'it is for a model without a UNet'},
	{mark: /^(control_model|controlnet_cond_embedding|zero_convs|controlnet_down_blocks)\./, name: 'ControlNet', refusal: 'it steers a model and is none itself'},
	{mark: /motion_modules|\.time_stack\.|temporal_transformer/, name: 'video model', refusal: 'it makes moving pictures'},
	{mark: /(^|\.)double_blocks\.\d+\.|(^|\.)single_transformer_blocks\.\d+\./, name: 'Flux', refusal: 'it is a transformer without a UNet'},
	{mark: /(^|\.)joint_blocks\.\d+\.|(^|\.)transformer_blocks\.\d+\.attn\.add_q_proj/, name: 'Stable Diffusion 3', refusal: 'it is a transformer without a UNet'},
	{mark: /^conditioner\.embedders\.(1\.|0\.transformer\.)/, name: 'Stable Diffusion XL', refusal: 'it has two text encoders and a larger UNet'},
	{mark: /^conditioner\./, name: 'Stable Diffusion XL refiner', refusal: 'it has another text encoder and a larger UNet'},
	{mark: /^(unet\.)?add_embedding\.|(input_blocks\.\d+|down_blocks\.\d+\.attentions)\.\d+\.transformer_blocks\.[1-9]\.attn2\./, name: 'UNet of Stable Diffusion XL', kind: 'unet', refusal: 'it is larger'},
	{mark: /^model\.diffusion_model\.label_emb\.|^class_embedding\./, name: 'Stable Diffusion unCLIP or upscaler', refusal: 'its UNet takes more than a text'},
];

/** A UNet's inputs besides the latent's four channels. */
const inputs: Readonly<Record<number, string>> = {5: 'for depth', 7: 'for upscaling', 8: 'for editing by instruction (InstructPix2Pix)', 9: 'for inpainting'};

const loraName = /(\.lora_(down|up|A|B)(\.weight)?|\.lora(_linear_layer)?\.(down|up)\.weight|_lora\.(down|up)\.weight)$/;

/** @param tensors of one file */
export function recognizeTensors(tensors: NamedShapes): ModelKind {
	const names = [...tensors.keys()];
	const layout = layoutOf(names);
	const stranger = strangers.find(({mark}) => names.some(name => mark.test(name)));
	if (stranger) return {kind: stranger.kind ?? 'other', name: stranger.name, layout, refusal: stranger.refusal};
	if (names.some(name => loraName.test(name))) return loraKind(tensors, layout);
	const prefix = layout === 'ldm' ? 'model.diffusion_model.' : '(?:unet\\.)?';
	const first = shapeOf(tensors, layout === 'ldm' ? /^model\.diffusion_model\.input_blocks\.0\.0\.weight$/ : new RegExp(`^${prefix}conv_in\\.weight$`));
	if (first !== undefined) return unetKind(tensors, layout, first);
	if (names.some(name => name.startsWith('model.diffusion_model.'))) return {kind: 'other', name: 'model of an unknown kind', layout, refusal: OTHER_STRUCTURE};
	return partKind(tensors, names, layout);
}

function layoutOf(names: readonly string[]): ModelKind['layout'] {
	if (names.some(name => /^lora_(unet|te\d?)_/.test(name))) return 'kohya';
	if (names.some(name => /^(model\.diffusion_model|first_stage_model|cond_stage_model|conditioner)\./.test(name))) return 'ldm';
	return names.some(name => /^(?:unet\.|vae\.)?(down_blocks|encoder\.down_blocks|text_model|encoder\.layers|embeddings)\./.test(name) || loraName.test(name)) ? 'diffusers' : names.some(name => /^(?:vae\.)?(encoder|decoder)\.(down|up)\./.test(name)) ? 'ldm' : 'other';
}

const shapeOf = (tensors: NamedShapes, pattern: RegExp): readonly number[] | undefined => [...tensors].find(([name]) => pattern.test(name))?.[1].shape;

function unetKind(tensors: NamedShapes, layout: ModelKind['layout'], [, channels]: readonly number[]): ModelKind {
	// The first layer that takes the text states.
	const width = shapeOf(tensors, /(input_blocks\.1\.1|down_blocks\.0\.attentions\.0)\.transformer_blocks\.0\.attn2\.to_k\.weight$/)?.[1];
	const family = familyOfWidth(width);
	const kind = layout === 'ldm' ? 'checkpoint' : 'unet';
	const known = {kind, layout, ...(family && {family})} as const;
	const base = family ? familyNames[family] : width === undefined ? 'model of an unknown kind' : `Stable Diffusion of another size (text states of width ${width})`;
	if (channels !== 4) return {...known, name: `${base} ${inputs[channels] ?? `with ${channels} channels of input`}`, refusal: `its UNet takes ${channels} channels instead of 4`};
	return {...known, name: base + (kind === 'unet' ? ', UNet only' : ''), ...(width === undefined && {refusal: OTHER_STRUCTURE})};
}

function partKind(tensors: NamedShapes, names: readonly string[], layout: ModelKind['layout']): ModelKind {
	const latent = shapeOf(tensors, /(^|\.)decoder\.conv_in\.weight$/);
	if (latent !== undefined) {
		return {kind: 'autoencoder', name: 'autoencoder (VAE)', layout, ...(latent[1] !== 4 && {refusal: `its latents have ${latent[1]} channels instead of 4: it belongs to Flux, Stable Diffusion 3 or another kind of model`})};
	}
	const token = shapeOf(tensors, /token_embedding\.weight$/);
	if (token !== undefined) {
		const family = familyOfWidth(token[1]);
		return {kind: 'text encoder', name: family ? `text encoder of ${familyNames[family]}` : 'text encoder', layout, ...(family && {family})};
	}
	const embedding = shapeOf(tensors, /^(emb_params|<.+>|clip_[lg])$/);
	if (embedding !== undefined) {
		const family = familyOfWidth(embedding.at(-1));
		return {kind: 'embedding', name: `textual inversion${family ? ` for ${familyNames[family]}` : ''}`, layout, ...(family && {family}), refusal: 'it adds words to a model and is none itself'};
	}
	if (names.some(name => /^(unet\.)?(down_blocks|mid_block|up_blocks)\./.test(name))) return {kind: 'unet', name: 'part of a UNet', layout, refusal: OTHER_STRUCTURE};
	return {kind: 'other', name: 'no model that is known here', layout, refusal: 'none of its tensors is called as in Stable Diffusion'};
}

function loraKind(tensors: NamedShapes, layout: ModelKind['layout']): ModelKind {
	const text = shapeOf(tensors, /attn2[._](processor\.)?to_k(_lora)?\.(lora_down\.weight|lora_A(\.default)?\.weight|(lora\.)?down\.weight)$/);
	const own = shapeOf(tensors, /self_attn[._]q_proj\.(lora_down\.weight|lora_A\.weight|(lora_linear_layer|lora)\.down\.weight)$/);
	const width = text?.[1] ?? own?.[1];
	const family = familyOfWidth(width);
	if (width === 2048) return {kind: 'lora', name: 'LoRA for Stable Diffusion XL', layout, refusal: 'it is for larger networks'};
	return {kind: 'lora', name: family ? `LoRA for ${familyNames[family]}` : 'LoRA', layout, ...(family && {family})};
}
