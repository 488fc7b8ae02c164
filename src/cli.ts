import fs from 'node:fs';
import path from 'node:path';
import {Command, CommanderError} from 'commander';
import {exitCodeHelp, exitCodes} from './cli/exit-codes.ts';
import {verbs} from './cli/verbs.ts';
import {packageRoot} from './package-root.ts';

// A reader that has seen enough (`dreambooth runs | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
	if (error.code === 'EPIPE') {
		process.exit();
	}

	throw error;
});

/** The command line, with the options of the typed verb only: those of the others are not needed to run or to explain it. */
async function declareProgram(typed: readonly string[]): Promise<Command> {
	const {version} = JSON.parse(fs.readFileSync(path.join(packageRoot(), 'package.json'), 'utf8')) as {version: string};
	const program = new Command('dreambooth')
		.description('Teach Stable Diffusion a new subject from a handful of photos.\nWithout a verb: the wizard in a terminal, the demo in plain lines elsewhere.')
		.version(version)
		.exitOverride()
		.configureHelp({showGlobalOptions: false})
		.addHelpText('after', `\nRUN is an id, the unique beginning of one, a name, or "last".\n\n${exitCodeHelp}`);
	const wanted = typed.find(word => !word.startsWith('-'));
	if (wanted === undefined) {
		program.action(async () => (await import('./cli/wizard.ts')).openWizard());
	}

	const named = wanted === 'help' ? typed.at(-1) : wanted;
	for (const {name, summary, plans, load} of verbs) {
		const command = program.command(name).description(summary);
		if (name === named) {
			(await load()).declare(command);
			if (plans) {
				command.hook('preAction', async () => (await import('./train/runtime/index.ts')).informPresets());
			}
		}
	}

	return program;
}

try {
	const program = await declareProgram(process.argv.slice(2));
	await program.parseAsync();
} catch (error) {
	if (error instanceof CommanderError) {
		// It has said its own words already; help and version are no errors.
		process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
	} else {
		const {showError} = await import('./cli/show-error.ts');
		process.exitCode = showError(error);
	}
}
