import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {checkBeforeStart, checkConceptFolders, countImages, defaultConcept, demoConfig, FileExistsError, formatProblems, readConfigFile, writeConfigFile} from '../../src/presets/index.ts';
import {JsonError, parseJson} from '../../src/presets/json.ts';

let folder: string;
beforeEach(async () => {
	folder = await fs.mkdtemp(path.join(os.tmpdir(), 'presets-'));
});
afterEach(async () => {
	await fs.rm(folder, {recursive: true, force: true});
});

describe('a config file', () => {
	test('is read as it was written', async () => {
		const file = path.join(folder, 'deep', 'robot.json');
		await writeConfigFile(file, demoConfig());
		expect(await readConfigFile(file)).toEqual({config: demoConfig(), problems: []});
	});

	test('is not overwritten without being asked, and no half-written file stays', async () => {
		const file = path.join(folder, 'robot.json');
		await fs.writeFile(file, 'mine');
		await expect(writeConfigFile(file, demoConfig())).rejects.toThrow(FileExistsError);
		expect(await fs.readFile(file, 'utf8')).toBe('mine');
		await writeConfigFile(file, demoConfig(), {overwrite: true});
		expect((await readConfigFile(file)).config?.name).toBe('demo-robot');
		expect(await fs.readdir(folder)).toEqual(['robot.json']);
	});

	test('tells line and column of a mistyped key, and resolves paths against its folder', async () => {
		const file = path.join(folder, 'mine.json');
		await fs.writeFile(file, '{\n\t"baseModel": "demo",\n\t"concepts": [\n\t\t{"instanceImages": "photos", "instancePromt": "sks"}\n\t]\n}\n');
		const {problems} = await readConfigFile(file);
		expect(problems).toMatchObject([{key: 'concepts.0.instancePromt', line: 4, column: 32, cure: 'Did you mean instancePrompt?'}]);
		expect(formatProblems(problems, {file})).toContain(`${file}, line 4, column 32: `);
		await fs.writeFile(file, '{"baseModel": "demo", "concepts": [{"instanceImages": "photos", "instancePrompt": "sks"}]}');
		expect((await readConfigFile(file)).config?.concepts[0].instanceImages).toBe(path.join(folder, 'photos'));
	});

	test('that is missing or no JSON is a problem in words', async () => {
		expect((await readConfigFile(path.join(folder, 'none.json'))).problems).toMatchObject([{level: 'block', message: expect.stringContaining('none.json')}]);
		await fs.writeFile(path.join(folder, 'bad.json'), '{\n  "seed": 1,\n}');
		expect((await readConfigFile(path.join(folder, 'bad.json'))).problems).toMatchObject([{line: 3, column: 1, message: 'There is a comma before the closing }.'}]);
	});
});

describe('JSON', () => {
	test.each([
		'{"a": [1, -2.5e-3, true, false, null, "x\\n\\u00e9\\\\"], "b": {}, "": []}',
		' [ ] ',
		'"text"',
		'{"__proto__": 1, "1": 2}',
	])('%s reads as JSON.parse reads it', text => {
		expect(parseJson(text).value).toEqual(JSON.parse(text));
	});

	test.each([
		['['.repeat(1e5), 1, 102, 'within more than 100 others'],
		['{"a": 1,}', 1, 9, 'comma before'],
		['{"a": 1\n "b": 2}', 2, 2, 'comma or a closing }'],
		['{"dir": "C:\\photos"}', 1, 12, 'backslash'],
		['{\'a\': 1}', 1, 2, 'key in double quotes'],
		['{"a": \'x\'}', 1, 7, 'single quote'],
		['{"a" 1}', 1, 6, 'colon'],
		['{"a": 1, // mine\n"b": 2}', 1, 10, 'key in double quotes'],
		['[// mine\n1]', 1, 2, 'no comments'],
		['{"a": 01}', 1, 7, '01 is no JSON value'],
		['{"a": NaN}', 1, 7, 'NaN is no JSON value'],
		['{"a": "x\ny"}', 1, 9, 'does not end on its line'],
		['{"a": 1', 1, 8, 'ends too early'],
		['', 1, 1, 'ends too early'],
		['{} {}', 1, 4, 'text after the end'],
		['{"a": 1,\n"a": 2}', 2, 1, 'given twice'],
	])('%j is refused at line %i, column %i: %s', (text, line, column, message) => {
		const refused = (() => {
			try {
				return parseJson(text);
			} catch (error) {
				return error;
			}
		})();
		expect(refused).toBeInstanceOf(JsonError);
		expect(refused).toMatchObject({position: {line, column}, message: expect.stringContaining(message)});
	});
});

describe('the folders of a concept', () => {
	test('count as many images as their endings say, in subfolders too', async () => {
		await fs.mkdir(path.join(folder, 'more'));
		await Promise.all(['a.png', 'b.JPG', 'a.txt', 'notes.doc', '.hidden.png', 'more/c.webp'].map(async name => fs.writeFile(path.join(folder, name), '')));
		expect(await countImages(folder)).toEqual({images: 3, others: 1});
	});

	test('are refused when missing, no folder, empty or without images', async () => {
		const file = path.join(folder, 'notes.doc');
		await fs.writeFile(file, '');
		const empty = path.join(folder, 'empty');
		await fs.mkdir(empty);
		const messages = (await checkConceptFolders([path.join(folder, 'none'), file, empty, folder].map(instanceImages => ({...defaultConcept(), instanceImages})))).map(({key, message}) => `${key} ${message}`);
		expect(messages[0]).toMatch(/^concepts\.0\.instanceImages .*does not exist/);
		expect(messages[1]).toMatch(/^concepts\.1.* is not a folder/);
		expect(messages[2]).toMatch(/^concepts\.2.* is empty/);
		expect(messages[3]).toMatch(/^concepts\.3.* holds 1 file, but no image/);
	});

	test('may lack the class images, which the run makes', async () => {
		await fs.writeFile(path.join(folder, 'a.png'), '');
		expect(await checkConceptFolders([{...defaultConcept(), instanceImages: folder, classImages: path.join(folder, 'class')}])).toEqual([]);
		expect(await checkConceptFolders([{...defaultConcept(), instanceImages: folder, classImages: path.join(folder, 'a.png')}])).toMatchObject([{key: 'concepts.0.classImages'}]);
	});
});

describe('before the start', () => {
	test('the demo has no problem and tells its model\'s facts', async () => {
		expect(await checkBeforeStart(demoConfig())).toMatchObject({problems: [], model: {resolution: 64}});
	});

	test('a missing base model, images and resolution are found together', async () => {
		const concepts = [{...defaultConcept(), instanceImages: path.join(folder, 'none'), instancePrompt: 'sks'}];
		expect((await checkBeforeStart({...demoConfig(), concepts, baseModel: path.join(folder, 'sd15')})).problems.map(({key}) => key)).toEqual(['baseModel', 'concepts.0.instanceImages']);
		expect((await checkBeforeStart({...demoConfig(), resolution: 72})).problems.map(({key}) => key)).toEqual(['resolution']);
	});

	test('a folder that is no diffusers folder is named with the file it lacks', async () => {
		expect((await checkBeforeStart({...demoConfig(), baseModel: folder})).problems).toMatchObject([{key: 'baseModel', message: expect.stringContaining(path.join(folder, 'unet', 'config.json'))}]);
	});
});
