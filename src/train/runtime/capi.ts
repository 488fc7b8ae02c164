import type koffiModule from 'koffi';
import type {LibraryHandle} from 'koffi';

type Koffi = typeof koffiModule;

/** An opaque pointer owned by TensorFlow. */
export type Pointer = unknown;

/** An output of a graph operation, as the C struct TF_Output. */
export interface GraphOutput {
	readonly oper: Pointer;
	readonly index: number;
}

/** The part of TensorFlow's C API that builds graphs and registers them as functions. Names are TensorFlow's, without the prefix. */
export type TensorFlowApi = ReturnType<typeof bind> & {
	/** Throws a TensorFlowError with TensorFlow's own message when the last call failed. */
	check(what: string): void;
	/** The shared status object that every checked call fills. */
	readonly status: Pointer;
	/** Copies the bytes of a TF_Buffer. */
	readBuffer(buffer: Pointer): Buffer;
};

export class TensorFlowError extends Error {
	override name = 'TensorFlowError';
	constructor(
		readonly what: string,
		/** TF_Code: 3 invalid argument, 8 resource exhausted, 12 unimplemented ... */
		readonly code: number,
		detail: string,
	) {
		super(`${what}: ${detail} (TensorFlow status ${code})`);
	}
}

let types = false;

/** `library`: libtensorflow_cc, opened by koffi. */
export function tensorFlowApi(koffi: Koffi, library: LibraryHandle): TensorFlowApi {
	if (!types) {
		koffi.struct('TF_Output', {oper: 'void*', index: 'int'});
		koffi.struct('TF_Buffer', {data: 'void*', length: 'size_t', deallocator: 'void*'});
		types = true;
	}
	const calls = bind(koffi, library);
	const status = calls.newStatus();
	return {
		...calls,
		status,
		check(what) {
			const code = calls.getCode(status) as number;
			if (code !== 0) throw new TensorFlowError(what, code, calls.message(status) as string);
		},
		readBuffer(buffer) {
			const {data, length} = koffi.decode(buffer, 'TF_Buffer') as {data: Pointer; length: number | bigint};
			return Buffer.from(koffi.decode(data, koffi.array('uint8', Number(length), 'Typed')) as Uint8Array);
		},
	};
}

function bind(koffi: Koffi, library: LibraryHandle) {
	const c = (declaration: string) => library.func(declaration);
	return {
		newStatus: c('void* TF_NewStatus()'),
		getCode: c('int TF_GetCode(void* status)'),
		message: c('const char* TF_Message(void* status)'),
		newGraph: c('void* TF_NewGraph()'),
		deleteGraph: c('void TF_DeleteGraph(void* graph)'),
		newOperation: c('void* TF_NewOperation(void* graph, const char* type, const char* name)'),
		addInput: c('void TF_AddInput(void* description, TF_Output input)'),
		addInputList: c('void TF_AddInputList(void* description, const TF_Output* inputs, int count)'),
		addControlInput: c('void TF_AddControlInput(void* description, void* operation)'),
		setAttrString: c('void TF_SetAttrString(void* description, const char* name, const char* value, size_t length)'),
		setAttrStringList: c('void TF_SetAttrStringList(void* description, const char* name, const char** values, const size_t* lengths, int count)'),
		setAttrInt: c('void TF_SetAttrInt(void* description, const char* name, int64_t value)'),
		setAttrIntList: c('void TF_SetAttrIntList(void* description, const char* name, const int64_t* values, int count)'),
		setAttrFloat: c('void TF_SetAttrFloat(void* description, const char* name, float value)'),
		setAttrFloatList: c('void TF_SetAttrFloatList(void* description, const char* name, const float* values, int count)'),
		setAttrBool: c('void TF_SetAttrBool(void* description, const char* name, uint8_t value)'),
		setAttrType: c('void TF_SetAttrType(void* description, const char* name, int value)'),
		setAttrTypeList: c('void TF_SetAttrTypeList(void* description, const char* name, const int* values, int count)'),
		setAttrShape: c('void TF_SetAttrShape(void* description, const char* name, const int64_t* dimensions, int count)'),
		setAttrShapeList: c('void TF_SetAttrShapeList(void* description, const char* name, const int64_t** dimensions, const int* counts, int count)'),
		setAttrTensor: c('void TF_SetAttrTensor(void* description, const char* name, void* tensor, void* status)'),
		finishOperation: c('void* TF_FinishOperation(void* description, void* status)'),
		outputType: c('int TF_OperationOutputType(TF_Output output)'),
		dimensionCount: c('int TF_GraphGetTensorNumDims(void* graph, TF_Output output, void* status)'),
		setShape: c('void TF_GraphSetTensorShape(void* graph, TF_Output output, const int64_t* dimensions, int count, void* status)'),
		shape: c('void TF_GraphGetTensorShape(void* graph, TF_Output output, _Out_ int64_t* dimensions, int count, void* status)'),
		allocateTensor: c('void* TF_AllocateTensor(int dtype, const int64_t* dimensions, int count, size_t bytes)'),
		tensorData: c('void* TF_TensorData(void* tensor)'),
		deleteTensor: c('void TF_DeleteTensor(void* tensor)'),
		opDefinition: c('void TF_GraphGetOpDef(void* graph, const char* type, void* buffer, void* status)'),
		newBuffer: c('void* TF_NewBuffer()'),
		deleteBuffer: c('void TF_DeleteBuffer(void* buffer)'),
		graphToFunction: c(
			'void* TF_GraphToFunctionWithControlOutputs(void* graph, const char* name, uint8_t hash, int operations, void* unused, ' +
				'int inputCount, const TF_Output* inputs, int outputCount, const TF_Output* outputs, const char** outputNames, ' +
				'int controlCount, void** controls, const char** controlNames, void* options, const char* description, void* status)',
		),
		setFunctionAttr: c('void TF_FunctionSetAttrValueProto(void* function, const char* name, const void* proto, size_t length, void* status)'),
		copyFunction: c('void TF_GraphCopyFunction(void* graph, void* function, void* gradient, void* status)'),
		deleteFunction: c('void TF_DeleteFunction(void* function)'),
		addFunction: c('void TFE_ContextAddFunction(void* context, void* function, void* status)'),
		removeFunction: c('void TFE_ContextRemoveFunction(void* context, const char* name, void* status)'),
		copyBytes: koffi.load('libc.so.6').func('void* memcpy(void* to, const void* from, size_t bytes)'),
	};
}
