/**
 * Bytes per element of the types we read, in the order in which the reference writer sorts tensors (widest first, so
 * that each tensor is aligned to its element size).
 */
export const dtypeBytes = {
	U64: 8,
	I64: 8,
	F64: 8,
	F32: 4,
	U32: 4,
	I32: 4,
	BF16: 2,
	F16: 2,
	U16: 2,
	I16: 2,
	I8: 1,
	U8: 1,
	BOOL: 1,
} as const;

export type Dtype = keyof typeof dtypeBytes;

export const isDtype = (name: unknown): name is Dtype => typeof name === 'string' && Object.hasOwn(dtypeBytes, name);

export const elementCount = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

export const formatShape = (shape: readonly number[]): string => `[${shape.join(', ')}]`;
