import {packageRoot} from '../train/protocol/index.ts';
import {isRuntimeReady, RuntimeMissingError, runtimeFolder} from '../train/runtime/index.ts';

/** Says at once what the trainer would find out in the background. @throws RuntimeMissingError */
export function requireRuntime(): void {
	if (!isRuntimeReady(packageRoot())) {
		throw Object.assign(new RuntimeMissingError(`The TensorFlow runtime is not ready in ${runtimeFolder()}.`), {action: 'Get it, once, with: dreambooth setup'});
	}
}
