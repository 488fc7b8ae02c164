import type {Command} from 'commander';
import {explainSetting} from '../presets/index.ts';
import {say} from './watch.ts';

export function declare(command: Command): void {
	command
		// A setting may be asked for by its flag.
		.allowUnknownOption()
		.argument('<SETTING...>', 'any of its names: key, flag, label, the A1111 extension\'s key')
		.action((words: string[]) => {
			say(explainSetting(words.join(' ').replace(/^--/, '')));
		});
}
