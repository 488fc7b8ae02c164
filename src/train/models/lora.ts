import type {Declaration} from '../nn/index.ts';
import type {LoraHosts, LoraNetwork} from '../weights/index.ts';

/**
 * `attention`: queries, keys, values and outputs. `transformer`: every linear map of the transformers, kohya's choice.
 * `all`: the 3x3 convolutions of the UNet too.
 */
export type LoraTargets = 'attention' | 'transformer' | 'all';

const attention = {unet: /\.attn[12]\.to_(q|k|v|out\.0)$/, textEncoder: /\.self_attn\.(q|k|v|out)_proj$/};
const transformer = {unet: /\.(attn[12]\.to_(q|k|v|out\.0)|proj_(in|out)|ff\.net\.(0\.proj|2))$/, textEncoder: /\.(self_attn\.(q|k|v|out)_proj|mlp\.fc[12])$/};
const targetPaths: Readonly<Record<LoraTargets, Readonly<Record<LoraNetwork, RegExp>>>> = {
	attention,
	transformer,
	all: {...transformer, unet: new RegExp(`${transformer.unet.source}|\\.(resnets\\.\\d+\\.conv[12]|(down|up)samplers\\.0\\.conv)$`)},
};

/** Whether the module at this path of the network has an adapter. */
export const isTarget = (network: LoraNetwork, path: string, targets: LoraTargets): boolean => targetPaths[targets][network].test(path);

/** A module that can have an adapter. */
export interface LoraHost {
	readonly path: string;
	/** Its weight. */
	readonly weight: Declaration;
}

/** The linear maps and convolutions among a network's parameters, in the order of their use. */
export const hostsOf = (declarations: readonly Declaration[]): LoraHost[] =>
	declarations.filter(({name, shape}) => name.endsWith('.weight') && !name.endsWith('_embedding.weight') && shape.length > 1).map(weight => ({path: weight.name.slice(0, -'.weight'.length), weight}));

/** Which adapters can be for a model. */
export const loraHosts = (declared: Readonly<Record<LoraNetwork, readonly Declaration[]>>): LoraHosts => {
	const shapes = (network: LoraNetwork) => new Map(hostsOf(declared[network]).map(({path, weight}) => [path, weight.shape]));
	return {unet: shapes('unet'), textEncoder: shapes('textEncoder')};
};

/** The parameters of an adapter: A is the module's own operation with `rank` outputs, B a linear map from them. */
export function declareAdapter({path, weight: {shape: [out, ...inner], layout}}: LoraHost, rank: number): readonly [down: Declaration, up: Declaration] {
	return [
		{name: `${path}.lora_A.weight`, shape: [rank, ...inner], layout},
		{name: `${path}.lora_B.weight`, shape: inner.length === 1 ? [out, rank] : [out, rank, 1, 1], layout: layout === 'convolution' ? 'pointwise' : layout},
	];
}
