import type {Tensor} from '@tensorflow/tfjs';
import {ops} from '../graph/index.ts';
import {add, attention, checkpoint, differentiable, embedding, gelu, layerNorm, linear, positions, quickGelu, sliceRows, type Scope} from '../nn/index.ts';
import type {TextEncoderConfig} from '../weights/index.ts';

/** Every state of the text encoder: after the embeddings, and after each layer. All [batch, 77, width], before the final norm. */
export const textStates = (config: TextEncoderConfig) => (p: Scope, tokens: Tensor, layers = config.numHiddenLayers): Tensor[] => {
	const model = p.at('text_model');
	const states = [embed(model.at('embeddings'), tokens, config)];
	for (let layer = 0; layer < layers; layer++) states.push(encoderLayer(model.at('encoder').at('layers').at(layer), states[layer], config));
	return states;
};

/**
 * CLIP's text encoder (Radford et al. 2021; transformers' CLIPTextModel). tokens: int32 [batch, 77] -> [batch, 77, width];
 * without padding, shorter sequences of one length.
 * `clipSkip` as users count it: 1 takes the last layer, 2 the one before; the final norm always follows.
 */
export const encodeText = (config: TextEncoderConfig, {clipSkip}: {clipSkip: number}) => (p: Scope, tokens: Tensor): Tensor => {
	const layers = config.numHiddenLayers + 1 - clipSkip;
	if (layers < 1) throw new RangeError(`Clip skip ${clipSkip} leaves nothing of a text encoder with ${config.numHiddenLayers} layers.`);
	return finalNorm(config)(p, textStates(config)(p, tokens, layers)[layers]);
};

export const finalNorm = (config: TextEncoderConfig) => (p: Scope, state: Tensor): Tensor => layerNorm(p.at('text_model').at('final_layer_norm'), state, {epsilon: config.layerNormEps});

/**
 * Which position of each row speaks for the whole text ("pooled"): the first end token. Old configs call its id 2, which
 * means the largest id. tokens: row-major [batch, 77] -> [batch].
 */
export function pooledPositions({eosTokenId, maxPositionEmbeddings: length}: TextEncoderConfig, tokens: Int32Array): number[] {
	return Array.from({length: tokens.length / length}, (_, row) => {
		const ids = tokens.subarray(row * length, (row + 1) * length);
		return ids.indexOf(eosTokenId === 2 ? ids.reduce((largest, id) => Math.max(largest, id)) : eosTokenId);
	});
}

/**
 * The states of long prompts: of each prompt the first state of its first piece, the 75 inner ones of every piece and the
 * last state of its last piece. [prompts · chunks, 77, width] -> [prompts, 75·chunks + 2, width].
 */
export function joinChunks(states: Tensor, {chunks}: {chunks: number}): Tensor {
	if (chunks === 1) return states;
	const [rows, length, width] = states.shape;
	const prompts = rows / chunks;
	const inner = length - 2;
	const whole = [prompts, chunks, length, width];
	return differentiable(
		[states],
		(_, a) => {
			const pieces = ops.reshape(a, whole);
			const first = ops.slice(pieces, [0, 0, 0, 0], [prompts, 1, 1, width]);
			const middle = ops.slice(pieces, [0, 0, 1, 0], [prompts, chunks, inner, width]);
			const last = ops.slice(pieces, [0, chunks - 1, length - 1, 0], [prompts, 1, 1, width]);
			return ops.concat([first, middle, last].map(part => ops.reshape(part, [prompts, -1, width])), 1);
		},
		dy => {
			const first = ops.reshape(ops.slice(dy, [0, 0, 0], [prompts, 1, width]), [prompts, 1, 1, width]);
			const middle = ops.reshape(ops.slice(dy, [0, 1, 0], [prompts, chunks * inner, width]), [prompts, chunks, inner, width]);
			const last = ops.reshape(ops.slice(dy, [0, chunks * inner + 1, 0], [prompts, 1, width]), [prompts, 1, 1, width]);
			const nothing = ops.filled([prompts, chunks - 1, 1, width], 0);
			const edges = [ops.concat([first, nothing], 1), ops.concat([nothing, last], 1)];
			return [ops.reshape(ops.concat([edges[0], middle, edges[1]], 2), [rows, length, width])];
		},
	);
}

function embed(p: Scope, tokens: Tensor, {vocabSize, hiddenSize, maxPositionEmbeddings}: TextEncoderConfig): Tensor {
	const words = embedding(p.at('token_embedding'), tokens, {count: vocabSize, width: hiddenSize});
	const table = positions(p.at('position_embedding'), {count: maxPositionEmbeddings, width: hiddenSize});
	const [, length] = tokens.shape;
	return add(words, length === maxPositionEmbeddings ? table : sliceRows(table, 0, length));
}

function encoderLayer(p: Scope, x: Tensor, config: TextEncoderConfig): Tensor {
	const norm = {epsilon: config.layerNormEps};
	return checkpoint(p, [x], (p, [x]) => {
		const h = add(x, selfAttention(p.at('self_attn'), layerNorm(p.at('layer_norm1'), x, norm), config));
		return add(h, mlp(p.at('mlp'), layerNorm(p.at('layer_norm2'), h, norm), config));
	});
}

function selfAttention(p: Scope, x: Tensor, {hiddenSize: out, numAttentionHeads: heads}: TextEncoderConfig): Tensor {
	const [q, k, v] = ['q_proj', 'k_proj', 'v_proj'].map(name => linear(p.at(name), x, {out}));
	return linear(p.at('out_proj'), attention(q, k, v, {heads, causal: true}), {out});
}

function mlp(p: Scope, x: Tensor, {hiddenSize, intermediateSize, hiddenAct}: TextEncoderConfig): Tensor {
	const activation = hiddenAct === 'gelu' ? gelu : quickGelu;
	return linear(p.at('fc2'), activation(linear(p.at('fc1'), x, {out: intermediateSize})), {out: hiddenSize});
}
