import {existsSync} from 'node:fs';
import {createRequire} from 'node:module';
import util from 'node:util';
import type * as tfjs from '@tensorflow/tfjs';
import type koffiModule from 'koffi';
import {packageRoot} from '../protocol/index.ts';
import {findCudaLibraries, openCudaLibraries} from './cuda-libraries.ts';
import {addonFile, frameworkLibrary, runtimeFolder, tensorflowLibrary, type RuntimeKind} from './folders.ts';
import {whyDriverRefuses} from './gpu-driver.ts';
import {returnUnusedMemory, shrinkStacks} from './gpu-memory.ts';
import {hasNvidiaDevice} from './nvidia-device.ts';
import {isRuntimeReady} from './probe-runtime.ts';
import {tensorFlowApi, type Pointer, type TensorFlowApi} from './capi.ts';

/** An attribute of an operation, as the addon takes it. */
export interface Attribute {
	readonly name: string;
	/** One of the addon's TF_ATTR_* numbers, or a kind that only graphs know. */
	readonly type: number | 'types' | 'shapes' | 'strings' | 'tensor';
	readonly value: unknown;
}

export interface TensorMetadata {
	id: number;
	shape: number[];
	dtype: number;
}

export type HostValues = Float32Array | Int32Array | Uint8Array;

/** The native addon of tfjs-node-gpu: every tensor is an id, every call is synchronous. */
export interface Binding {
	createTensor(shape: number[], dtype: number, values: HostValues): number;
	deleteTensor(id: number): void;
	tensorDataSync(id: number): HostValues;
	executeOp(name: string, attributes: readonly Attribute[], ids: readonly number[], outputs: number): TensorMetadata[];
	isUsingGpuDevice(): boolean;
	getNumOfTensors(): number;
	readonly TF_ATTR_STRING: number;
	readonly TF_ATTR_INT: number;
	readonly TF_ATTR_FLOAT: number;
	readonly TF_ATTR_BOOL: number;
	readonly TF_ATTR_TYPE: number;
	readonly TF_ATTR_SHAPE: number;
}

/** The tfjs backend: `binding` is public and read at every call, which is what makes tracing possible. */
export interface Backend {
	binding: Binding;
	createOutputTensor(metadata: TensorMetadata): tfjs.Tensor;
	getInputTensorIds(tensors: readonly tfjs.Tensor[]): number[];
	write(values: unknown, shape: number[], dtype: string): object;
	executeSingleOutput(name: string, attributes: readonly Attribute[], inputs: readonly tfjs.Tensor[]): tfjs.Tensor;
	executeMultipleOutputs(name: string, attributes: readonly Attribute[], inputs: readonly tfjs.Tensor[], outputs: number): tfjs.Tensor[];
}

export interface Runtime {
	readonly tf: typeof tfjs;
	readonly backend: Backend;
	/** The addon itself, whatever stands in for it in `backend.binding`. */
	readonly binding: Binding;
	readonly api: TensorFlowApi;
	/** The eager context of the addon: functions registered here are called like any operation. */
	readonly context: Pointer;
	readonly device: 'cpu' | 'gpu';
	/** Of a GPU: what is kept of it and not used goes back to the driver. Waits for the device. */
	returnUnusedMemory(): void;
}

export class RuntimeMissingError extends Error {
	override name = 'RuntimeMissingError';
}

let loaded: Runtime | undefined;

export interface RuntimeWishes {
	/** As the setting: `auto` takes the GPU where it is set up and one is to be seen, `gpu` takes nothing else. */
	readonly device?: 'auto' | 'cpu' | 'gpu';
	/** The build to load, whatever is known about it. */
	readonly kind?: RuntimeKind;
}

/**
 * Opens libtensorflow and the addon in this process, once; the wishes of the first call count. Environment variables that TensorFlow
 * reads (threads, log level, determinism, devices) must be set before the process starts or before this call.
 * @throws RuntimeMissingError when `dreambooth setup` has not been run, or there is no GPU where one is asked for
 */
export function loadRuntime({device = 'auto', kind}: RuntimeWishes = {}): Runtime {
	if (loaded) return loaded;
	const build = kind ?? (device !== 'cpu' && mayUseGpu() ? 'gpu' : 'cpu');
	const opened = build === 'gpu' && openCuda({required: kind === 'gpu' || device === 'gpu'});
	const runtime = load(opened ? 'gpu' : 'cpu');
	if (device === 'gpu' && runtime.device === 'cpu') {
		throw new RuntimeMissingError(opened ? whyNoGpuHere() : 'The device is to be the GPU, but TensorFlow is not set up for it. Run: dreambooth setup --gpu');
	}
	if (opened && kind === undefined && runtime.device === 'cpu') process.stderr.write(`${whyNoGpuHere()} TensorFlow works on the CPU instead.\n`);
	return (loaded = runtime);
}

const visibleNothing = new Set(['', '-1']);

const mayUseGpu = (): boolean => !visibleNothing.has(process.env.CUDA_VISIBLE_DEVICES ?? 'all') && hasNvidiaDevice() && isRuntimeReady(packageRoot(), 'gpu');

const loadKoffi = (): typeof koffiModule => createRequire(import.meta.url)('koffi') as typeof koffiModule;

/** Why TensorFlow's GPU build, once loaded, works on the CPU, as a whole sentence. */
export const whyNoGpuHere = (): string => whyDriverRefuses(loadKoffi());

/** Loads what the GPU build needs; false when that is broken and the CPU may take its place. @throws RuntimeMissingError */
function openCuda({required}: {readonly required: boolean}): boolean {
	// Otherwise nearly all of the card's memory is taken at once.
	process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';
	try {
		openCudaLibraries(loadKoffi(), findCudaLibraries());
		return true;
	} catch (error) {
		const message = `CUDA cannot be used: ${(error as Error).message}.`;
		if (required) throw new RuntimeMissingError(`${message} Get it anew with: dreambooth setup --remove && dreambooth setup`, {cause: error});
		process.stderr.write(`${message} TensorFlow works on the CPU instead.\n`);
		return false;
	}
}

function load(kind: RuntimeKind): Runtime {
	const folder = runtimeFolder(kind);
	const addon = addonFile(folder);
	if (!existsSync(addon)) throw new RuntimeMissingError(`TensorFlow is not set up (no ${addon}). Run: dreambooth setup`);

	// tfjs-node-gpu 4.22 still calls these two, which newer versions of Node no longer have.
	const legacy = util as unknown as Record<string, unknown>;
	legacy.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
	legacy.isArray ??= Array.isArray;

	const require = createRequire(import.meta.url);
	// Native code, which the commands that only ask whether the runtime is there need not load.
	const koffi = require('koffi') as typeof koffiModule;
	// koffi options: the symbols must be global, because the addon and plugins look them up there.
	koffi.load(frameworkLibrary(folder), {global: true});
	const tensorflow = koffi.load(tensorflowLibrary(folder), {global: true});
	const module = {exports: {}};
	process.dlopen(module, addon);
	const binding = module.exports as Binding;
	const context = koffi.load(addon).func('void* dreambooth_captured_context()')() as Pointer;
	if (!context) throw new Error('The TensorFlow addon did not hand out its context. Rebuild it: dreambooth setup --remove && dreambooth setup');

	const tf = require('@tensorflow/tfjs') as typeof tfjs;
	require('@tensorflow/tfjs-node-gpu/dist/register_all_kernels');
	const {NodeJSKernelBackend} = require('@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend') as {
		NodeJSKernelBackend: new (binding: Binding, name: string) => tfjs.KernelBackend;
	};
	tf.registerBackend('tensorflow', () => new NodeJSKernelBackend(binding, '@tensorflow/tfjs-node-gpu'), 3);
	if (!tf.setBackend('tensorflow')) throw new Error('tfjs refused the TensorFlow backend.');
	const device = binding.isUsingGpuDevice() ? 'gpu' : 'cpu';
	if (device === 'gpu') shrinkStacks(koffi);
	return {
		tf,
		backend: tf.backend() as unknown as Backend,
		binding,
		api: tensorFlowApi(koffi, tensorflow),
		context,
		device,
		returnUnusedMemory: device === 'gpu' ? () => returnUnusedMemory(koffi) : () => undefined,
	};
}
