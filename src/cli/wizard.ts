import {runDemo} from './demo.ts';

/** Without a verb: the demo, as a dashboard in a terminal and in plain lines elsewhere. */
export async function openWizard(): Promise<void> {
	await runDemo();
}
