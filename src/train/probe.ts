import {conv2d, filterOrder, gradients, scopeOver} from './nn/index.ts';
import {compile, ops, type Mode} from './graph/index.ts';
import {normals} from './random.ts';
import {loadRuntime, whyNoGpuHere, type ProbeReport} from './runtime/index.ts';

/**
 * Program of the probe: tries, in a process that may die, what training needs. Its argument is the build of TensorFlow to try, cpu or gpu.
 * Each finished stage is told to the parent, so that a crash shows how far it came.
 */
const stages: string[] = [];
const tell = (message: ProbeReport) => process.send?.(message);
try {
	const kind = process.argv[2] === 'gpu' ? 'gpu' : 'cpu';
	const {device} = loadRuntime({kind});
	passed('load');
	if (kind === 'gpu') {
		if (device === 'cpu') throw new Error(whyNoGpuHere());
		passed('gpu');
	}
	const reference = convolution('eager');
	passed('convolution');
	// TF32, in which GPUs multiply, keeps ten bits of a number.
	const tolerance = device === 'gpu' ? 0.02 * Math.max(...reference.map(Math.abs)) : 1e-3;
	for (const mode of ['graph', 'xla'] as const) {
		const difference = Math.max(...convolution(mode).map((value, i) => Math.abs(value - reference[i])));
		if (!(difference < tolerance)) throw new Error(`In ${mode} mode a convolution and its gradients differ from the direct computation by ${difference}.`);
		passed(mode);
	}
	tell({stages, device, ok: true});
} catch (error) {
	tell({stages, ok: false, fault: error instanceof Error ? error.message : String(error)});
}
process.disconnect?.();

function passed(stage: string): void {
	stages.push(stage);
	tell({stages: [...stages], ok: false});
}

/** A convolution, forward and backward: its values and gradients one after another. */
function convolution(mode: Mode): number[] {
	const random = (count: number, stream: string) => normals(count, {seed: 1, stream});
	const traced = compile(
		'probe_convolution',
		({image, weight, bias}) => {
			const parameters = new Map([['weight', weight], ['bias', bias]]);
			const {value, gradients: [dx, dw, db]} = gradients(() => conv2d(scopeOver(parameters), image, {out: 4, kernel: 3}), [image, weight, bias], ops.filled([1, 8, 8, 4], 1));
			return {value, dx, dw, db};
		},
		{image: {shape: [1, 8, 8, 3], dtype: 'float32'}, weight: {shape: filterOrder().fromDisk.map(axis => [4, 3, 3, 3][axis]), dtype: 'float32'}, bias: {shape: [4], dtype: 'float32'}},
		{mode},
	);
	return Object.values(traced.call({image: random(192, 'image'), weight: random(108, 'weight'), bias: random(4, 'bias')})).flatMap(values => [...values]);
}
