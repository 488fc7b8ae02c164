import {existsSync} from 'node:fs';
import path from 'node:path';
import type {Command} from 'commander';
import {FileExistsError, formatProblems, importForeign, PresetStore} from '../presets/index.ts';
import {table} from './table.ts';
import {UsageError} from './usage-error.ts';
import {say} from './watch.ts';

export function declare(command: Command): void {
	command.command('list', {isDefault: true}).description('all presets').action(() => listPresets(openStore()));
	command.command('show').description('a preset as JSON').argument('<name>').action((name: string) => showPreset(openStore(), name));
	command.command('export').description('write a preset as a config file').argument('<name>').argument('<file>').option('--overwrite', 'replace the file')
		.action(async (name: string, file: string, options: {overwrite?: boolean}) => {
			await exported(openStore(), name, file, options);
			say(`Preset ${name} is in ${file}.`);
		});
	command.command('import').description('keep a config file as a preset: ours, a db_config.json of the A1111 extension, or a diffusers command line').argument('<file|command>').option('--name <name>', 'instead of the name of the file').option('--overwrite', 'replace the preset of that name')
		.action(async (file: string, options: {name?: string; overwrite?: boolean}) => {
			const foreign = importForeign(file);
			const name = foreign ? keepForeign(openStore(), foreign, file, options) : (await openStore().importFrom(file, options)).name;
			say(`Preset ${name} is kept. Train with it: dreambooth train --preset ${JSON.stringify(name)}`);
		});
	command.command('rename').description('give a preset another name').argument('<name>').argument('<new-name>')
		.action((name: string, newName: string) => openStore().rename(name, newName));
	command.command('duplicate').description('copy a preset').argument('<name>').argument('<new-name>')
		.action((name: string, newName: string) => openStore().duplicate(name, newName));
	command.command('remove').description('remove a preset').argument('<name>')
		.action((name: string) => openStore().remove(name));
}

/** The person's presets; says what they should know of the file. */
function openStore(): PresetStore {
	const store = new PresetStore();
	store.list();
	store.notices.forEach(notice => process.stderr.write(`${notice}\n`));
	return store;
}

/** Keeps the config of another program, and says what became of every key that is not simply taken over. */
function keepForeign(store: PresetStore, {config, notes}: NonNullable<ReturnType<typeof importForeign>>, source: string, {name = existsSync(source) ? path.parse(source).name : config.name, overwrite}: {readonly name?: string; readonly overwrite?: boolean}): string {
	store.save(name, config, {overwrite});
	for (const {what, message} of notes) {
		process.stderr.write(`${what.padEnd(8)} ${message}\n`);
	}

	return name;
}

/** @throws UsageError when the file is there and may not be replaced */
async function exported(store: PresetStore, name: string, file: string, options: {readonly overwrite?: boolean}): Promise<void> {
	try {
		await store.exportTo(name, file, options);
	} catch (error) {
		throw error instanceof FileExistsError ? new UsageError(`${file} exists already.`, 'Choose another name, or replace it with --overwrite.') : error;
	}
}

function listPresets(store: PresetStore): void {
	const rows = store.list().map(({name, shipped, description, problems}) => [name, shipped ? 'comes with dreambooth' : 'yours', problems.length > 0 ? 'damaged: see dreambooth presets show' : description ?? '']);
	table([['PRESET', 'WHOSE', 'WHAT'], ...rows]).forEach(say);
}

function showPreset(store: PresetStore, name: string): void {
	const {config, problems} = store.get(name);
	if (problems.length > 0) {
		process.stderr.write(`${formatProblems(problems)}\n`);
	}

	say(JSON.stringify(config, undefined, '\t'));
}
