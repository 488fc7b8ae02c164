import type koffiModule from 'koffi';

/** Bytes of a thread's stack. */
const STACK_BYTES = 256;
/** CUlimit. */
const STACK_SIZE = 0;

/**
 * CUDA sets a stack aside for every thread that the chip can run at once: of an H200 1 KiB for each of 270,336, 264 MiB that training
 * never uses (context of a process: 527 MiB, with this 329). Kernels say what they need, and the driver gives those that need more
 * as much when they start (CUDA driver API, cuCtxSetLimit). After TensorFlow has made its context; where the driver refuses, all stays as it is.
 */
export function shrinkStacks(koffi: Pick<typeof koffiModule, 'load'>): void {
	try {
		const driver = koffi.load('libcuda.so.1');
		const must = (code: number) => {
			if (code !== 0) throw new Error(`CUDA error ${code}`);
		};
		const [context, size, popped]: [unknown[], number[], unknown[]] = [[null], [0], [null]];
		must(driver.func('int cuDevicePrimaryCtxRetain(_Out_ void **context, int device)')(context, 0) as number);
		must(driver.func('int cuCtxPushCurrent_v2(void *context)')(context[0]) as number);
		try {
			must(driver.func('int cuCtxGetLimit(_Out_ size_t *size, int limit)')(size, STACK_SIZE) as number);
			if (Number(size[0]) > STACK_BYTES) must(driver.func('int cuCtxSetLimit(int limit, size_t size)')(STACK_SIZE, STACK_BYTES) as number);
		} finally {
			driver.func('int cuCtxPopCurrent_v2(_Out_ void **context)')(popped);
		}
	} catch {
		// Nothing is lost but memory.
	}
}
