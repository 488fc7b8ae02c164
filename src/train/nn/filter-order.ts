import {loadRuntime} from '../runtime/index.ts';

/**
 * How the filters of convolutions lie on this device. Only where a convolution takes them as they lie are they neither turned
 * around at every step nor are their gradients: TensorFlow's kernels want [height, width, in, out], cuDNN beneath XLA [out, height, width, in].
 */
export interface FilterOrder {
	readonly name: 'hwio' | 'ohwi';
	/** Axis i on the device is this axis of the [out, in, height, width] on disk. */
	readonly fromDisk: readonly number[];
	/** Axis i of [height, width, in, out] is this axis on the device; absent: the same. */
	readonly toOperation?: readonly number[];
	/** The way back. */
	readonly fromOperation?: readonly number[];
}

const hwio: FilterOrder = {name: 'hwio', fromDisk: [2, 3, 1, 0]};
const ohwi: FilterOrder = {name: 'ohwi', fromDisk: [0, 2, 3, 1], toOperation: [1, 2, 3, 0], fromOperation: [3, 0, 1, 2]};

export const filterOrder = (): FilterOrder => (loadRuntime().device === 'gpu' ? ohwi : hwio);
