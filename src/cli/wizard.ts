import {readRun} from '../train/protocol/index.ts';
import {logoutWarning} from './logout-warning.ts';
import {isInteractive, sayDetached} from './watch.ts';

/** Without a verb: the app in a terminal, the demo in plain lines elsewhere. What starts runs is loaded when one starts. */
export async function openWizard(): Promise<void> {
	if (!isInteractive()) {
		await beforePlans();
		const {runDemo} = await import('./demo.ts');
		await runDemo();
		return;
	}

	const {capabilities, runApp} = await import('../tui/index.ts');
	const {stdin, stdout, env} = process;
	const warning = logoutWarning();
	const {detachedFrom} = await runApp({
		stdin, stdout, capabilities: capabilities(env, {terminal: true}), warnings: warning === undefined ? [] : [warning],
		beforePlans,
		async start(config) {
			const {beginRun} = await import('./begin-run.ts');
			// The review has shown what there is to warn of, and the screen is the app's.
			return (await beginRun(config, {warn() {}})).folder;
		},
		async resume(runFolder) {
			const [{continueRun}, {requireRuntime}] = await Promise.all([import('../train/index.ts'), import('./require-runtime.ts')]);
			requireRuntime();
			await continueRun(readRun(runFolder));
		},
	});
	if (detachedFrom !== undefined) {
		sayDetached(readRun(detachedFrom));
	}
}

/** Plans and advice have to know whether a GPU would train. */
async function beforePlans(): Promise<void> {
	(await import('../train/runtime/index.ts')).informPresets();
}
