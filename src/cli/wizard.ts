import {readRun} from '../train/protocol/index.ts';
import {beginRun} from './begin-run.ts';
import {runDemo} from './demo.ts';
import {logoutWarning} from './logout-warning.ts';
import {isInteractive, sayDetached} from './watch.ts';

/** Without a verb: the app in a terminal, the demo in plain lines elsewhere. */
export async function openWizard(): Promise<void> {
	if (!isInteractive()) {
		await runDemo();
		return;
	}

	const {capabilities, runApp} = await import('../tui/index.ts');
	const {stdin, stdout, env} = process;
	const warning = logoutWarning();
	const {detachedFrom} = await runApp({
		stdin, stdout, capabilities: capabilities(env, {terminal: true}), warnings: warning === undefined ? [] : [warning],
		// The review has shown what there is to warn of, and the screen is the app's.
		start: async config => (await beginRun(config, {warn() {}})).folder,
	});
	if (detachedFrom !== undefined) {
		sayDetached(readRun(detachedFrom));
	}
}
