import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {defaultConfig, demoConfig, FileExistsError, PresetError, PresetStore} from '../../src/presets/index.ts';

let folder: string;
let store: PresetStore;
beforeEach(async () => {
	folder = await fs.mkdtemp(path.join(os.tmpdir(), 'store-'));
	store = new PresetStore({folder});
});
afterEach(async () => {
	await fs.rm(folder, {recursive: true, force: true});
});

const names = (): string[] => store.list().map(({name}) => name);
const shipped = ['demo', 'person', 'animal', 'object', 'style'];

test('a saved preset is there for the next program, exactly, in a file that only its owner reads', async () => {
	store.save('my dog v1.5', demoConfig());
	const again = new PresetStore({folder});
	expect(again.get('my dog v1.5')).toEqual({name: 'my dog v1.5', shipped: false, config: demoConfig(), problems: []});
	expect(again.list().map(({name}) => name)).toEqual(['my dog v1.5', ...shipped]);
	expect((await fs.stat(store.file)).mode & 0o777).toBe(0o600);
	expect(path.dirname(store.file)).toBe(folder);
});

test('a preset is never overwritten without being asked', () => {
	store.save('dog', demoConfig());
	expect(() => store.save('dog', defaultConfig())).toThrow(/already/);
	expect(store.get('dog').config?.name).toBe('demo-robot');
	store.save('dog', defaultConfig(), {overwrite: true});
	expect(store.get('dog').config?.name).toBe('dreambooth');
});

test('presets are renamed, duplicated and removed', () => {
	store.save('dog', demoConfig());
	store.duplicate('dog', 'cat');
	store.rename('dog', 'old dog');
	expect(names()).toEqual(['cat', 'old dog', ...shipped]);
	expect(() => store.rename('cat', 'old dog')).toThrow(/already/);
	store.remove('old dog');
	expect(names()).toEqual(['cat', ...shipped]);
	expect(() => store.get('cta')).toThrow('Did you mean cat?');
});

test('what comes with the program stays as it is and can be copied', () => {
	expect(() => store.save('demo', defaultConfig(), {overwrite: true})).toThrow(PresetError);
	expect(() => store.remove('person')).toThrow(/Duplicate it/);
	expect(() => store.rename('style', 'mine')).toThrow(/Duplicate it/);
	store.duplicate('person', 'me');
	expect(store.get('me').config?.epochs).toBe(150);
});

test('a value out of range is not saved', () => {
	expect(() => store.save('dog', {...demoConfig(), batchSize: 0})).toThrow(/batchSize is 0/);
	expect(names()).toEqual(shipped);
});

test('an exported preset is a config file that can be imported elsewhere', async () => {
	const file = path.join(folder, 'out', 'robot.json');
	store.save('robot', demoConfig());
	await store.exportTo('robot', file);
	await expect(store.exportTo('robot', file)).rejects.toThrow(FileExistsError);
	expect((await store.importFrom(file, {name: 'second robot'})).config).toEqual(demoConfig());
	await expect(store.importFrom(file)).rejects.toThrow(/already/);
	await fs.writeFile(file, '{"batchsize": 0}');
	await expect(store.importFrom(file, {name: 'third'})).rejects.toThrow('Did you mean batchSize?');
});

test.each(['{"presets": [', '{"presets": "none"}', '[1, 2]', ''])('a broken file, %j, is set aside whole and a fresh one begins', async broken => {
	store.save('dog', demoConfig());
	await fs.writeFile(store.file, broken);
	const fresh = new PresetStore({folder});
	expect(fresh.list().map(({name}) => name)).toEqual(shipped);
	const aside = (await fs.readdir(folder)).find(name => name.startsWith('presets.json.broken-'));
	expect(await fs.readFile(path.join(folder, aside!), 'utf8')).toBe(broken);
	expect(fresh.notices).toHaveLength(1);
	expect(fresh.notices[0]).toContain(aside);
	fresh.save('cat', demoConfig());
	expect(new PresetStore({folder}).notices).toEqual([]);
});

test('a file that breaks while the program runs is not written over', async () => {
	await fs.writeFile(store.file, '{"presets": [');
	store.save('cat', demoConfig());
	expect(names()).toEqual(['cat', ...shipped]);
	expect((await fs.readdir(folder)).filter(name => name.includes('.broken-'))).toHaveLength(1);
});

test('one preset that cannot be read says why and does not hide the others', async () => {
	store.save('dog', demoConfig());
	const text = await fs.readFile(store.file, 'utf8');
	await fs.writeFile(store.file, text.replace('"batchSize": 4', '"batchSize": 4000'));
	store.save('cat', demoConfig());
	expect(names()).toEqual(['cat', 'dog', ...shipped]);
	expect(store.get('dog')).toMatchObject({problems: [{key: 'batchSize'}]});
	expect(store.get('dog').config).toBeUndefined();
	await expect(store.exportTo('dog', path.join(folder, 'dog.json'))).rejects.toThrow(/4000/);
});

test('recent models and folders are remembered, the latest first and each once', () => {
	store.remember('baseModels', '/a');
	store.remember('baseModels', '/b');
	store.remember('baseModels', '/a');
	for (let index = 0; index < 12; index++) {
		store.remember('imageFolders', `/${index}`);
	}

	expect(store.recent('baseModels')).toEqual(['/a', '/b']);
	expect(new PresetStore({folder}).recent('imageFolders')).toEqual(['/11', '/10', '/9', '/8', '/7', '/6', '/5', '/4', '/3', '/2']);
	expect(names()).toEqual(shipped);
});

test('by default the file lies in the user\'s config folder', () => {
	const before = process.env.XDG_CONFIG_HOME;
	process.env.XDG_CONFIG_HOME = folder;
	try {
		expect(new PresetStore().file).toBe(path.join(folder, 'dreambooth-tui', 'presets.json'));
	} finally {
		if (before === undefined) {
			delete process.env.XDG_CONFIG_HOME;
		} else {
			process.env.XDG_CONFIG_HOME = before;
		}
	}
});
