import {compile, ops, type CompileOptions, type Tensors} from './graph/index.ts';
import {selfAttentions} from './models/index.ts';
import {attention, fusedLayer, gradients, isFusable} from './nn/index.ts';
import {normals} from './random.ts';
import type {UNetConfig} from './weights/index.ts';

/** Largest relative distance (L2) between fused attention and attention in chunks. Both round to 8 bits of mantissa: bf16 gives 0.007. */
const TOLERANCE = 0.03;
/** Small, so that the check takes no memory that the training would not. */
const CHUNK_BYTES = 32 * 2 ** 20;

/**
 * Tries the fused kernels on random values, forward and backward, before a UNet is trained with them. Returns the layers, by the names that
 * `notFused` knows, whose results are not those of attention in chunks, with the reason.
 */
export function layersNotFused(config: UNetConfig, latents: {readonly height: number; readonly width: number}, options: CompileOptions): Map<string, string> {
	const refused = new Map<string, string>();
	for (const {n, heads, width} of selfAttentions(config, latents)) {
		const sizes = {batch: 1, n, m: n, heads, width, causal: false};
		if (!isFusable(sizes, options)) continue;
		try {
			const fused = results(sizes, {...options, attention: 'fused', checkpointing: false});
			// As a plain graph, which need not be compiled.
			const chunked = results(sizes, {...options, mode: 'graph', attention: 'chunked', attentionChunkBytes: CHUNK_BYTES, checkpointing: false});
			const worst = Math.max(...Object.keys(chunked).map(key => distance(fused[key], chunked[key])));
			// Also when it is not a number.
			if (!(worst <= TOLERANCE)) refused.set(fusedLayer(sizes), `its result is ${worst.toPrecision(2)} away from attention in chunks`);
		} catch (error) {
			refused.set(fusedLayer(sizes), (error as Error).message.split('\n')[0]);
		}
	}
	return refused;
}

function results({n, heads, width}: {n: number; heads: number; width: number}, options: CompileOptions): Record<string, Float32Array> {
	const shape = [1, n, heads * width];
	const spec = {shape, dtype: 'float32'} as const;
	const passes = ({q, k, v, dy}: Tensors): Tensors => {
		const {value, gradients: [dq, dk, dv]} = gradients(() => attention(q, k, v, {heads}), [q, k, v], dy);
		return Object.fromEntries(Object.entries({value, dq, dk, dv}).map(([key, x]) => [key, ops.toFloat32(x)]));
	};
	const compiled = compile('attention_check', passes, {q: spec, k: spec, v: spec, dy: spec}, options);
	const drawn = (stream: string) => normals(n * heads * width, {seed: 1, stream});
	try {
		return compiled.call({q: drawn('q'), k: drawn('k'), v: drawn('v'), dy: drawn('dy')});
	} finally {
		compiled.dispose();
	}
}

function distance(a: Float32Array, b: Float32Array): number {
	let [difference, size] = [0, 0];
	for (let i = 0; i < b.length; i++) {
		difference += (a[i] - b[i]) ** 2;
		size += b[i] ** 2;
	}
	return Math.sqrt(difference / size);
}
