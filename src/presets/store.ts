import fs from 'node:fs';
import path from 'node:path';
import Conf from 'conf';
import * as z from 'zod';
import {readConfigValues, writeConfigFile} from './config-file.ts';
import type {TrainingConfig} from './config.ts';
import {parseJson} from './json.ts';
import {nearest} from './nearest.ts';
import {readValues} from './parse.ts';
import {formatProblems, type Problem} from './problem.ts';
import {shippedPresets} from './shipped.ts';

export interface Preset {
	readonly name: string;
	/** Comes with the program and cannot be changed, only copied. */
	readonly shipped: boolean;
	readonly description?: string;
	/** Absent when the stored values are no config of this version; `problems` say why. */
	readonly config?: TrainingConfig;
	readonly problems: readonly Problem[];
}

/** Why a preset could not be saved, found or read, and what to do. */
export class PresetError extends Error {
	override readonly name = 'PresetError';
}

export type RecentKind = 'baseModels' | 'imageFolders';

interface StoredPreset {
	readonly name: string;
	readonly config: unknown;
}

// A type rather than an interface: conf wants an index signature.
type Stored = {
	readonly presets: readonly StoredPreset[];
	readonly recent: Readonly<Record<RecentKind, readonly string[]>>;
};

const recentLength = 10;

const storedSchema = z.object({
	presets: z.array(z.object({name: z.string(), config: z.unknown()})).default([]),
	recent: z.object({baseModels: z.array(z.string()).default([]), imageFolders: z.array(z.string()).default([])}).default({baseModels: [], imageFolders: []}),
});

/** The presets of a person, in one file that only they may read, and those that come with the program. */
export class PresetStore {
	readonly #conf: Conf<Stored>;
	readonly #notices: string[] = [];
	#broken = false;

	/** `folder` holds the file; by default the user's config folder ($XDG_CONFIG_HOME/dreambooth-tui). Throws PresetError when it cannot be used. */
	constructor({folder}: {readonly folder?: string} = {}) {
		try {
			this.#conf = new Conf<Stored>({
				projectName: 'dreambooth-tui',
				projectSuffix: '',
				configName: 'presets',
				configFileMode: 0o600,
				// A dot in a name is no path.
				accessPropertiesByDotNotation: false,
				deserialize: text => this.#parse(text),
				...(folder === undefined ? {} : {cwd: folder}),
			});
			this.#stored();
		} catch (error) {
			throw new PresetError(`The presets cannot be read: ${error instanceof Error ? error.message : String(error)}. Check the permissions of their folder.`, {cause: error});
		}
	}

	get file(): string {
		return this.#conf.path;
	}

	/** What the person should be told, such as that a broken file was set aside. */
	get notices(): readonly string[] {
		return this.#notices;
	}

	/** The person's presets by name, then those that come with the program. */
	list(): readonly Preset[] {
		const own = this.#stored().presets.map(presetOf).sort((a, b) => a.name.localeCompare(b.name));
		return [...own, ...shippedPresets.map(({name, description, config}) => ({name, shipped: true, description, config: config(), problems: []}))];
	}

	/** Throws PresetError when there is none of this name, with the nearest one. */
	get(name: string): Preset {
		const presets = this.list();
		const found = presets.find(preset => preset.name === name);
		if (!found) {
			const near = nearest(name, presets.map(preset => preset.name));
			throw new PresetError(`There is no preset called ${name}. ${near === undefined ? 'List them to see those there are.' : `Did you mean ${near}?`}`);
		}

		return found;
	}

	/**
	 * Keeps a config under a name, its paths made absolute; it may be unfinished, but its values must be in range.
	 * Throws PresetError when the name is taken and `overwrite` is not set, or belongs to the program.
	 */
	save(name: string, config: TrainingConfig, {overwrite = false}: {readonly overwrite?: boolean} = {}): void {
		const kept = this.#free(name, {overwrite});
		const {values, problems} = readValues(config);
		if (!values || problems.length > 0) {
			throw new PresetError(`The preset ${kept} cannot be saved:\n${formatProblems(problems)}`);
		}

		this.#write([...this.#stored().presets.filter(preset => preset.name !== kept), {name: kept, config: values}]);
	}

	rename(name: string, newName: string): void {
		const {name: old} = this.#own(name);
		const kept = this.#free(newName);
		this.#write(this.#stored().presets.map(preset => (preset.name === old ? {...preset, name: kept} : preset)));
	}

	duplicate(name: string, newName: string): void {
		const {config} = this.get(name);
		const kept = this.#free(newName);
		const stored = this.#stored().presets;
		this.#write([...stored, {name: kept, config: config ?? stored.find(preset => preset.name === name)?.config}]);
	}

	remove(name: string): void {
		const {name: old} = this.#own(name);
		this.#write(this.#stored().presets.filter(preset => preset.name !== old));
	}

	/** Writes a preset as a config file. Throws FileExistsError when the file is there and `overwrite` is not set. */
	async exportTo(name: string, file: string, options: {readonly overwrite?: boolean} = {}): Promise<void> {
		const {config, problems} = this.get(name);
		if (!config) {
			throw new PresetError(`The preset ${name} cannot be exported:\n${formatProblems(problems)}`);
		}

		await writeConfigFile(file, config, options);
	}

	/** Keeps a config file as a preset, by default under the file's name. Throws PresetError when its names or values are wrong. */
	async importFrom(file: string, {name = path.basename(file, '.json'), overwrite = false}: {readonly name?: string; readonly overwrite?: boolean} = {}): Promise<Preset> {
		const {values, problems} = await readConfigValues(file);
		if (!values || problems.length > 0) {
			throw new PresetError(`${file} is no preset:\n${formatProblems(problems, {file})}`);
		}

		this.save(name, values, {overwrite});
		return this.get(name.trim());
	}

	/** Base models or image folders that were used, the latest first. */
	recent(kind: RecentKind): readonly string[] {
		return this.#stored().recent[kind];
	}

	remember(kind: RecentKind, used: string): void {
		const {recent} = this.#stored();
		this.#conf.set('recent', {...recent, [kind]: [used, ...recent[kind].filter(earlier => earlier !== used)].slice(0, recentLength)});
	}

	#own(name: string): Preset {
		const preset = this.get(name);
		if (preset.shipped) {
			throw new PresetError(`The preset ${name} comes with the program and stays as it is. Duplicate it and change the copy.`);
		}

		return preset;
	}

	/** The trimmed name, once it is sure that it may be used. */
	#free(name: string, {overwrite = false}: {readonly overwrite?: boolean} = {}): string {
		const kept = name.trim();
		if (kept === '' || kept.length > 80) {
			throw new PresetError('A preset needs a name of 1 to 80 characters.');
		}

		if (shippedPresets.some(preset => preset.name === kept)) {
			throw new PresetError(`The preset ${kept} comes with the program and stays as it is. Choose another name.`);
		}

		if (!overwrite && this.#stored().presets.some(preset => preset.name === kept)) {
			throw new PresetError(`There is a preset called ${kept} already. Choose another name, or ask to overwrite it.`);
		}

		return kept;
	}

	#write(presets: readonly StoredPreset[]): void {
		this.#conf.set('presets', presets);
	}

	#parse(text: string): Stored {
		try {
			// Unlike JSON.parse it refuses what is nested so deep that nothing could check it.
			const parsed = storedSchema.safeParse(parseJson(text).value);
			if (parsed.success) {
				return parsed.data;
			}
		} catch {}

		this.#broken = true;
		return storedSchema.parse({});
	}

	/** Reads the file; one that cannot be understood is renamed, never overwritten, and a fresh one begins. */
	#stored(): Stored {
		this.#broken = false;
		const stored = storedSchema.parse(this.#conf.store);
		if (this.#broken) {
			const aside = `${this.file}.broken-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
			fs.renameSync(this.file, aside);
			this.#notices.push(`The file of your presets could not be understood. It was kept as ${aside}, and a fresh one begins. Repair it and rename it to ${path.basename(this.file)} to have them back.`);
		}

		return stored;
	}
}

const presetOf = ({name, config: stored}: StoredPreset): Preset => {
	const {values, problems} = readValues(stored, {folder: '/'});
	return {name, shipped: false, ...(values && problems.length === 0 ? {config: values} : {}), problems};
};
