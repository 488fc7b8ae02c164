import {packageRoot} from '../train/protocol/index.ts';
import {isRuntimeReady} from '../train/runtime/index.ts';

/** Whether TensorFlow is set up: what the bootstrap asks before it starts a verb that needs it. */
export const isReady = (): boolean => isRuntimeReady(packageRoot());
