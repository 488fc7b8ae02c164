import {expect, test} from 'vitest';
import {compile, ops} from '../../../src/train/graph/index.ts';
import {encodeText, joinChunks} from '../../../src/train/models/index.ts';
import {gradients, scopeOver} from '../../../src/train/nn/index.ts';
import {parseTextEncoderConfig} from '../../../src/train/weights/index.ts';
import {normals} from '../../../src/train/random.ts';

const float = (...shape: number[]) => ({shape, dtype: 'float32'}) as const;
const random = (size: number, stream: string) => normals(size, {seed: 2, stream});

test('a clip skip beyond the first layer is refused', () => {
	const config = parseTextEncoderConfig({num_hidden_layers: 3});
	expect(() => encodeText(config, {clipSkip: 4})(scopeOver(new Map()), undefined as never)).toThrow('Clip skip 4 leaves nothing of a text encoder with 3 layers.');
});

test('the gradient of joined chunks reaches exactly the states that were joined', () => {
	const [prompts, chunks, length, width] = [2, 3, 5, 4];
	const states = float(prompts * chunks, length, width);
	const joined = float(prompts, chunks * (length - 2) + 2, width);
	const compiled = compile(
		'join',
		({x, weights}) => {
			const {value, gradients: [gradient]} = gradients(() => joinChunks(x, {chunks}), [x], weights);
			return {value, gradient, product: ops.sum(ops.multiply(value, weights), [0, 1, 2])};
		},
		{x: states, weights: joined},
		{mode: 'graph'},
	);
	const x = random(prompts * chunks * length * width, 'x');
	const {value, gradient, product} = compiled.call({x, weights: random(prompts * 11 * width, 'weights')});
	compiled.dispose();
	// A selection: ⟨join(x), w⟩ = ⟨x, joinᵀ(w)⟩, and as many places get a gradient as there are joined states.
	expect(gradient.reduce((sum, g, i) => sum + g * x[i], 0)).toBeCloseTo(product[0], 4);
	expect(gradient.filter(g => g !== 0).length).toBe(value.length);
});
