export {attribute, op} from './ops.ts';
export * as ops from './ops.ts';
export type {Compiled, DeviceTensor, InputSpec, Signature} from './calls.ts';
export {compile, type Body, type CompileOptions, type State, type Tensors} from './compile.ts';
export {BFLOAT16, BOOL, dtypeOf, FLOAT16, FLOAT32, INT32, UINT8, type Precision} from './dtypes.ts';
export {execution, type AttentionMode, type Execution, type Mode} from './execution.ts';
export {assignVariable, createVariable, disposeVariable, emptyVariable, readVariable, type HalfValues, type Variable} from './variables.ts';
