import type {Tensor} from '@tensorflow/tfjs';
import {execution, ops} from '../graph/index.ts';
import {differentiable} from './differentiable.ts';
import {fusedAttention, isFused, type AttentionSizes} from './fused-attention.ts';

const {add, batchMatmul, multiply, reshape, scaleBy, slice, softmax, subtract, sum, toFloat32, toLow, transpose} = ops;

export interface AttentionOptions {
	readonly heads: number;
	/** Token i sees only tokens up to i. */
	readonly causal?: boolean;
}

/** A run of query rows. */
interface Chunk {
	readonly begin: number;
	readonly rows: number;
}

/**
 * softmax(q·kᵀ/√d)·v per head (Vaswani et al. 2017), scores and softmax in float32.
 * q: [batch, n, channels], k and v: [batch, m, channels] -> [batch, n, channels]; head h owns channels h·d … h·d + d − 1.
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, {heads, causal = false}: AttentionOptions): Tensor {
	const [batch, n, channels] = q.shape;
	const [, m] = k.shape;
	const {attention: mode, attentionChunkBytes} = execution();
	const head: AttentionSizes = {batch, n, m, heads, width: channels / heads, causal};
	if (isFused(head)) return fusedAttention(head, q, k, v);
	const rows = mode === 'full' ? n : Math.max(1, Math.floor(attentionChunkBytes / (4 * batch * heads * m)));
	return rows >= n ? whole(head, q, k, v) : inChunks(head, rows, q, k, v);
}

/** [batch, tokens, channels] -> [batch, heads, tokens, width], and back. */
const split = ({batch, heads, width}: AttentionSizes, x: Tensor, tokens: number) => transpose(reshape(toLow(x), [batch, tokens, heads, width]), [0, 2, 1, 3]);
const merge = ({batch, heads, width}: AttentionSizes, x: Tensor, tokens: number) => reshape(transpose(x, [0, 2, 1, 3]), [batch, tokens, heads * width]);

/** Queries are divided by √d once, instead of their many scores. */
const scaledQueries = (head: AttentionSizes, q: Tensor) => toLow(scaleBy(split(head, q, head.n), 1 / Math.sqrt(head.width)));

/** P = softmax(q·kᵀ), q already scaled, for the query rows of one chunk. */
function probabilities({m, causal}: AttentionSizes, q: Tensor, k: Tensor, {begin, rows}: Chunk): Tensor {
	let scores = toFloat32(batchMatmul(q, k, {transposeB: true}));
	if (causal) {
		const mask = Float32Array.from({length: rows * m}, (_, i) => (i % m > begin + Math.floor(i / m) ? -1e9 : 0));
		scores = add(scores, ops.table(mask, [rows, m]));
	}
	return toLow(softmax(scores));
}

/**
 * With q already scaled: dV = Pᵀ·dO, dP = dO·Vᵀ, dS = P∘(dP − rowsum(dP∘P)), dQ = dS·K/√d, dK = dSᵀ·Q.
 * The row sums are those of dO∘O, which is a much smaller tensor.
 */
function backward({width}: AttentionSizes, {q, k, v, p, o, dO}: {q: Tensor; k: Tensor; v: Tensor; p: Tensor; o: Tensor; dO: Tensor}): {dq: Tensor; dk: Tensor; dv: Tensor} {
	const rowSums = sum(multiply(toFloat32(dO), toFloat32(o)), [3], {keep: true});
	const dP = toFloat32(batchMatmul(dO, v, {transposeB: true}));
	const dS = toLow(multiply(toFloat32(p), subtract(dP, rowSums)));
	return {dq: scaleBy(batchMatmul(dS, k), 1 / Math.sqrt(width)), dk: batchMatmul(dS, q, {transposeA: true}), dv: batchMatmul(p, dO, {transposeA: true})};
}

/** Keeps P for the backward pass: 4·heads·n·m bytes per image. */
function whole(head: AttentionSizes, q: Tensor, k: Tensor, v: Tensor): Tensor {
	const {n, m} = head;
	return differentiable(
		[q, k, v],
		(save, q, k, v) => {
			const [q4, k4, v4] = [scaledQueries(head, q), split(head, k, m), split(head, v, m)];
			const p = probabilities(head, q4, k4, {begin: 0, rows: n});
			const o = batchMatmul(p, v4);
			save([q4, k4, v4, p, o]);
			return merge(head, o, n);
		},
		(dy, [q4, k4, v4, p, o]) => {
			const {dq, dk, dv} = backward(head, {q: q4, k: k4, v: v4, p, o, dO: split(head, dy, n)});
			return [merge(head, dq, n), merge(head, dk, m), merge(head, dv, m)];
		},
	);
}

/**
 * Exact, with memory linear in n: P is made for some query rows at a time, never kept, and made again in the backward
 * pass. A barrier holds each chunk back until the one before is done; otherwise a graph would start them all at once.
 */
function inChunks(head: AttentionSizes, rowsPerChunk: number, q: Tensor, k: Tensor, v: Tensor): Tensor {
	const {batch, heads, n, m, width} = head;
	const {barrier} = execution();
	const chunks: Chunk[] = [];
	for (let begin = 0; begin < n; begin += rowsPerChunk) chunks.push({begin, rows: Math.min(rowsPerChunk, n - begin)});
	const cut = (x: Tensor, {begin, rows}: Chunk) => slice(x, [0, 0, begin, 0], [batch, heads, rows, width]);
	return differentiable(
		[q, k, v],
		(save, q, k, v) => {
			const [q4, v4] = [scaledQueries(head, q), split(head, v, m)];
			let k4 = split(head, k, m);
			const outputs: Tensor[] = [];
			for (const chunk of chunks) {
				if (outputs.length > 0) [k4] = barrier([k4], outputs[outputs.length - 1]);
				outputs.push(batchMatmul(probabilities(head, cut(q4, chunk), k4, chunk), v4));
			}
			const o = ops.concat(outputs, 2);
			save([q, k, v, o]);
			return merge(head, o, n);
		},
		(dy, [q, k, v, o]) => {
			const d4 = split(head, dy, n);
			let [q4, k4, v4] = barrier([scaledQueries(head, q), split(head, k, m), split(head, v, m)], d4);
			const dqs: Tensor[] = [];
			let dk: Tensor | undefined;
			let dv: Tensor | undefined;
			for (const chunk of chunks) {
				if (dk) [q4, k4, v4] = barrier([q4, k4, v4], dk);
				const rows = cut(q4, chunk);
				const part = backward(head, {q: rows, k: k4, v: v4, p: probabilities(head, rows, k4, chunk), o: cut(o, chunk), dO: cut(d4, chunk)});
				dqs.push(part.dq);
				dk = dk ? add(dk, toFloat32(part.dk)) : toFloat32(part.dk);
				dv = dv ? add(dv, toFloat32(part.dv)) : toFloat32(part.dv);
			}
			return [merge(head, ops.concat(dqs, 2), n), merge(head, toLow(dk as Tensor), m), merge(head, toLow(dv as Tensor), m)];
		},
	);
}
