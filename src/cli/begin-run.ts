import {checkBeforeStart, describeHardware, detectHardware, formatProblems, isBlocking, placementOf, type Hardware, type Problem, type TrainingConfig} from '../presets/index.ts';
import {checkInputs, startRun} from '../train/index.ts';
import {packageRoot, runsFolder, type Run} from '../train/protocol/index.ts';
import {isRuntimeReady} from '../train/runtime/index.ts';
import {logoutWarning} from './logout-warning.ts';
import {requireRuntime} from './require-runtime.ts';
import {UsageError} from './usage-error.ts';

/**
 * Checks all that can be known of a config before any work, and starts its run in the background.
 * `warn`: where to say what does not stop it; standard error when left out.
 * @throws UsageError with all problems, RuntimeMissingError
 */
export async function beginRun(config: TrainingConfig, {furtherFrom, warn = text => process.stderr.write(`${text}\n`)}: {furtherFrom?: string; warn?: (text: string) => void} = {}): Promise<Run> {
	const hardware = await detectHardware({folder: runsFolder()});
	const problems = await problemsOf(config, {hardware, furtherFrom});
	if (problems.some(isBlocking)) {
		throw new UsageError(`The run cannot start:\n${formatProblems(problems)}`, 'Set that right and start again. dreambooth explain SETTING says what a setting does.');
	}

	if (problems.length > 0) {
		warn(formatProblems(problems));
	}

	requireRuntime();
	const warning = logoutWarning();
	if (warning !== undefined) {
		warn(warning);
	}

	if (hardware.gpu.state === 'present' && config.device !== 'cpu' && !isRuntimeReady(packageRoot(), 'gpu')) {
		process.stderr.write('The GPU of this machine is not used: TensorFlow is not set up for it, or not for the driver that is there now. dreambooth setup does that.\n');
	}

	return startRun({config, hardware: describeHardware(hardware), ...(furtherFrom !== undefined && {furtherFrom})});
}

/** Of two findings about one key, that of whoever has opened the files counts. */
async function problemsOf(config: TrainingConfig, {hardware, furtherFrom}: {hardware: Hardware; furtherFrom: string | undefined}): Promise<Problem[]> {
	const {problems} = await checkBeforeStart(config, {gpus: hardware.gpu, gpu: placementOf(hardware, config).device === 'gpu'});
	const found = await checkInputs(config, {furtherFrom});
	const isKnown = (key: string) => problems.some(problem => problem.key === key && isBlocking(problem));
	const isFound = (key: string) => key === 'baseModel' && found.some(problem => problem.key === key);
	return [...problems.filter(({key}) => !isFound(key)), ...found.filter(({key}) => isFound(key) || !isKnown(key))];
}
