import {expect, test} from 'vitest';
import {assignVariable, BFLOAT16, createVariable, disposeVariable, FLOAT16, FLOAT32, readVariable} from '../../../src/train/graph/index.ts';
import {bfloatsToFloats, halvesToFloats} from '../../../src/train/weights/half.ts';

/** All of them, subnormals and infinities included, but what is not a number. */
const bitsOf = (type: 'F16' | 'BF16'): Uint16Array => Uint16Array.from({length: 2 ** 16}, (_, bits) => bits).filter(bits => !Number.isNaN(floatsOf[type](Uint16Array.of(bits))[0]));
const floatsOf = {F16: halvesToFloats, BF16: bfloatsToFloats};

test.each(['F16', 'BF16'] as const)('every value of a file in %s arrives as it is, also in another order of axes', type => {
	const bits = bitsOf(type);
	const width = bits.length / 2;
	const values = {type, bytes: new Uint8Array(bits.buffer)};
	const floats = floatsOf[type](bits);
	for (const dtype of [FLOAT32, type === 'F16' ? FLOAT16 : BFLOAT16]) {
		const [straight, turned] = [createVariable('straight', [2, width], {dtype}), createVariable('turned', [width, 2], {dtype})];
		assignVariable(straight, values);
		assignVariable(turned, values, [1, 0]);
		expect(Buffer.from(readVariable(straight).buffer).equals(Buffer.from(floats.buffer))).toBe(true);
		expect([...readVariable(turned).subarray(0, 4)]).toEqual([floats[0], floats[width], floats[1], floats[width + 1]]);
		for (const variable of [straight, turned]) disposeVariable(variable);
	}
});

test('a variable refuses values of another size', () => {
	const variable = createVariable('small', [3], {});
	expect(() => assignVariable(variable, {type: 'F16', bytes: new Uint8Array(4)})).toThrow('The variable small holds 3 values [3], not 2.');
	disposeVariable(variable);
});
