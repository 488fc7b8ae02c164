/** TF_DataType numbers. The last two pass through tfjs only by id: it labels them float32. */
export const FLOAT32 = 1;
export const UINT8 = 4;
export const INT32 = 3;
export const BOOL = 10;
export const BFLOAT16 = 14;
export const FLOAT16 = 19;
export const RESOURCE = 20;

export const isFloat = (dtype: number): boolean => dtype === FLOAT32 || dtype === BFLOAT16 || dtype === FLOAT16;
export const isHalf = (dtype: number): boolean => dtype === BFLOAT16 || dtype === FLOAT16;

export type Precision = 'f32' | 'bf16' | 'f16';
export const dtypeOf: Record<Precision, number> = {f32: FLOAT32, bf16: BFLOAT16, f16: FLOAT16};
