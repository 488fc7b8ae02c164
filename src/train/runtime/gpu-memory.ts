import type koffiModule from 'koffi';

type Koffi = Pick<typeof koffiModule, 'load'>;

/** Calls a function of the driver by its declaration. @throws where the driver refuses */
type Call = (declaration: string, ...given: unknown[]) => void;

/** Bytes of a thread's stack. */
const STACK_BYTES = 256;
/** CUlimit. */
const STACK_SIZE = 0;

/**
 * CUDA sets a stack aside for every thread that the chip can run at once: of an H200 1 KiB for each of 270,336, 264 MiB that training
 * never uses (context of a process: 527 MiB, with this 329). Kernels say what they need, and the driver gives those that need more
 * as much when they start (CUDA driver API, cuCtxSetLimit). After TensorFlow has made its context; where the driver refuses, all stays as it is.
 */
export function shrinkStacks(koffi: Koffi): void {
	inContext(koffi, call => {
		const size = [0];
		call('int cuCtxGetLimit(_Out_ size_t *size, int limit)', size, STACK_SIZE);
		if (Number(size[0]) > STACK_BYTES) call('int cuCtxSetLimit(int limit, size_t size)', STACK_SIZE, STACK_BYTES);
	});
}

/**
 * Gives the driver back what its pool keeps of memory that nothing uses any more, so that memory which comes from elsewhere, as for what
 * cuDNN tries and for other programs, finds room. Waits for the device. Where the driver refuses, all stays as it is.
 */
export function returnUnusedMemory(koffi: Koffi): void {
	inContext(koffi, call => {
		const pool: unknown[] = [null];
		// What is freed counts as in use until the device has come so far.
		call('int cuCtxSynchronize()');
		call('int cuDeviceGetDefaultMemPool(_Out_ void **pool, int device)', pool, 0);
		call('int cuMemPoolTrimTo(void *pool, size_t kept)', pool[0], 0);
	});
}

/** Works in the context of the first visible device, which is TensorFlow's. Nothing is lost but memory where that fails. */
function inContext(koffi: Koffi, work: (call: Call) => void): void {
	try {
		const driver = koffi.load('libcuda.so.1');
		const call: Call = (declaration, ...given) => {
			const code = driver.func(declaration)(...given) as number;
			if (code !== 0) throw new Error(`CUDA error ${code}`);
		};
		const [context, popped]: unknown[][] = [[null], [null]];
		call('int cuDevicePrimaryCtxRetain(_Out_ void **context, int device)', context, 0);
		call('int cuCtxPushCurrent_v2(void *context)', context[0]);
		try {
			work(call);
		} finally {
			call('int cuCtxPopCurrent_v2(_Out_ void **context)', popped);
		}
	} catch {
		// As it was.
	}
}
