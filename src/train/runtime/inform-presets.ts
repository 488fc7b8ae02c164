import {informOfGpuSetup} from '../../presets/index.ts';
import {packageRoot} from '../protocol/index.ts';
import {isRuntimeReady} from './probe-runtime.ts';

/** Lets plans and advice know whether this machine's GPU is set up. Each program says it once, before it makes any. */
export function informPresets(): void {
	let known: boolean | undefined;
	informOfGpuSetup(() => (known ??= isRuntimeReady(packageRoot(), 'gpu')));
}
