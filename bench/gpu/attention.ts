// Fused attention alone, forward and backward, at the sizes of Stable Diffusion's layers: how far it is from full attention, whether any of
// many passes has a value that is not finite or another than the first, and how long it takes. One line of JSON per case.
//   node FOLDER/attention.js [--passes 1000] [--precision bf16] [--deterministic]
import {parseArgs} from 'node:util';
import {compile, ops, type CompileOptions, type Tensors} from '../../src/train/graph/index.ts';
import {attention, gradients} from '../../src/train/nn/index.ts';
import {fusedAttention} from '../../src/train/nn/fused-attention.ts';
import {normals} from '../../src/train/random.ts';

const {values: flags} = parseArgs({options: {
	passes: {type: 'string', default: '1000'},
	precision: {type: 'string', default: 'bf16'},
	deterministic: {type: 'boolean', default: false},
}});

interface Case {
	readonly name: string;
	readonly n: number;
	readonly m?: number;
	readonly heads: number;
	readonly width: number;
	readonly batch?: number;
	/** Head width that is filled up to; absent: as the product does. */
	readonly filled?: number;
}
const cases: readonly Case[] = [
	{name: 'SD 1.5 at 512, level 1', n: 4096, heads: 8, width: 40},
	{name: 'SD 1.5 at 512, level 1, not filled up', n: 4096, heads: 8, width: 40, filled: 40},
	{name: 'SD 1.5 at 512, level 2', n: 1024, heads: 8, width: 80},
	{name: 'SD 1.5 at 512, level 2, not filled up', n: 1024, heads: 8, width: 80, filled: 80},
	{name: 'SD 1.5 at 512, level 1, batch 4', n: 4096, heads: 8, width: 40, batch: 4},
	{name: 'SD 1.5 at 512, 77 keys, not filled up', n: 4096, m: 77, heads: 8, width: 40, filled: 40},
	{name: 'SD 1.5 at 512, 77 keys, filled up', n: 4096, m: 77, heads: 8, width: 40},
	{name: 'SD 1.5 at 512, level 3, not filled up', n: 256, heads: 8, width: 160, filled: 160},
	{name: 'SD 1.5 at 768, level 1', n: 9216, heads: 8, width: 40},
	{name: 'SD 1.5 at 768, level 2', n: 2304, heads: 8, width: 80},
	{name: 'SD 2.1 at 768, level 1', n: 9216, heads: 5, width: 64},
	{name: 'SD 2.1 at 768, level 2', n: 2304, heads: 10, width: 64},
];
const inputCount = 4;

for (const {name, n, m = n, heads, width, batch = 1, filled} of cases) {
	try {
		const channels = heads * width;
		const sizes = {batch, n, m, heads, width, causal: false};
		const signature = {q: {shape: [batch, n, channels], dtype: 'float32'}, k: {shape: [batch, m, channels], dtype: 'float32'}, v: {shape: [batch, m, channels], dtype: 'float32'}, d: {shape: [batch, n, channels], dtype: 'float32'}} as const;
		const options: CompileOptions = {mode: 'xla', precision: flags.precision as 'bf16', deterministic: flags.deterministic, attention: 'full'};
		const passes = (fused: boolean) => ({q, k, v, d}: Tensors): Tensors => {
			const {value: o, gradients: [dq, dk, dv]} = gradients(() => (fused ? fusedAttention(sizes, q, k, v, filled) : attention(q, k, v, {heads})), [q, k, v], d);
			return {o: ops.toFloat32(o), dq: ops.toFloat32(dq), dk: ops.toFloat32(dk), dv: ops.toFloat32(dv)};
		};
		const outputsOf = (fused: boolean) => compile(`attention_${fused ? 'fused' : 'full'}`, passes(fused), signature, options);
		// Sums of squares stay finite only when every value is, and are four numbers.
		const sums = compile('attention_sums', inputs => Object.fromEntries(Object.entries(passes(true)(inputs)).map(([key, x]) => [key, ops.halfSquaredNorm(x)])), signature, options);

		const compiled = performance.now();
		const drawn = (index: number) => Object.fromEntries(Object.entries(signature).map(([key, {shape}]) => [key, normals(shape[0] * shape[1] * shape[2], {seed: index, stream: key})])) as Record<'q' | 'k' | 'v' | 'd', Float32Array>;
		const [fused, full] = [outputsOf(true).call(drawn(0)), outputsOf(false).call(drawn(0))];
		const distance = Object.fromEntries(Object.keys(full).map(key => {
			let [difference, size] = [0, 0];
			for (let i = 0; i < full[key].length; i++) {
				difference += (fused[key][i] - full[key][i]) ** 2;
				size += full[key][i] ** 2;
			}
			return [key, Math.sqrt(difference / size)];
		}));
		const compiledMs = performance.now() - compiled;

		// They stay on the device.
		const upload = compile('attention_inputs', inputs => Object.fromEntries(Object.entries(inputs).map(([key, x]) => [key, ops.scaleBy(x, 1)])), signature, {mode: 'graph'});
		const inputs = Array.from({length: inputCount}, (_, i) => upload.run(drawn(i)) as unknown as ReturnType<typeof drawn>);
		const first = inputs.map(input => sums.call(input));
		let [notFinite, other] = [0, 0];
		const start = performance.now();
		for (let i = 0; i < Number(flags.passes); i++) {
			const found = sums.call(inputs[i % inputCount]);
			if (Object.values(found).some(([value]) => !Number.isFinite(value))) notFinite++;
			else if (Object.entries(found).some(([key, [value]]) => value !== first[i % inputCount][key][0])) other++;
		}
		console.log(JSON.stringify({name, batch, n, m, heads, width, filled, ...flags, distance, notFinite, other, msPerPass: (performance.now() - start) / Number(flags.passes), compiledMs}));
	} catch (error) {
		console.log(JSON.stringify({name, error: String((error as Error).message).slice(0, 300)}));
	}
}
process.exit(0);
