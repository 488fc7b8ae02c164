import fs from 'node:fs';
import path from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {readConceptList} from '../../src/presets/index.ts';
import {newFolder, removeFolders} from '../train/training-run.ts';

let folder: string;
beforeAll(() => {
	folder = newFolder();
	fs.mkdirSync(path.join(folder, 'lists'));
	fs.mkdirSync(path.join(folder, 'lists', 'photos', 'dog'), {recursive: true});
});
afterAll(removeFolders);

const written = (text: string): string => {
	const file = path.join(folder, 'lists', 'concepts.json');
	fs.writeFileSync(file, text);
	return file;
};
const list = (...concepts: object[]) => written(JSON.stringify(concepts, undefined, 2));

describe('20. a concepts list', () => {
	it('has the extension\'s keys; relative paths start from its folder', () => {
		fs.writeFileSync(path.join(folder, 'lists', 'prompts.txt'), 'sks on snow\n\nsks at night\n');
		const {concepts, problems} = readConceptList(list({
			instance_data_dir: 'photos/dog', class_data_dir: '../class', instance_prompt: '[filewords]', class_prompt: 'a dog', instance_token: 'sks', class_token: 'dog',
			num_class_images_per: 3, class_negative_prompt: 'blur', class_guidance_scale: 6, class_infer_steps: 25, save_sample_template: 'prompts.txt', n_save_sample: 2, sample_seed: -1, save_guidance_scale: 8, save_infer_steps: 30, is_valid: true,
		}));
		expect(problems).toEqual([]);
		expect(concepts).toEqual([{
			instanceImages: path.join(folder, 'lists', 'photos', 'dog'), classImages: path.join(folder, 'class'), instancePrompt: '[filewords]', classPrompt: 'a dog', instanceToken: 'sks', classToken: 'dog',
			classImagesPerInstance: 3, classNegativePrompt: 'blur', classGuidance: 6, classSamplingSteps: 25, previewPrompts: ['sks on snow', 'sks at night'], previewCount: 2, previewSeed: -1, previewGuidance: 8, previewSteps: 30,
		}]);
	});

	it('may hold any number of them, and be JSON itself instead of a path', () => {
		const {concepts} = readConceptList(JSON.stringify(Array.from({length: 7}, (_, i) => ({instance_data_dir: 'lists/photos', instance_prompt: `sks${i}`}))), folder);
		expect(concepts?.map(({instancePrompt, instanceImages}) => [instancePrompt, instanceImages])).toEqual(Array.from({length: 7}, (_, i) => [`sks${i}`, path.join(folder, 'lists', 'photos')]));
	});

	it('may come from Windows', () => {
		expect(readConceptList(list({instance_data_dir: 'photos\\dog', instance_prompt: 'sks'})).concepts?.[0].instanceImages).toBe(path.join(folder, 'lists', 'photos', 'dog'));
		const [problem] = readConceptList(list({instance_data_dir: 'C:\\photos', instance_prompt: 'sks'})).problems;
		expect(problem).toMatchObject({level: 'block', message: expect.stringContaining('does not exist')});
	});

	it('with single backslashes is told how to write them, with line and column', () => {
		const [problem] = readConceptList(written('[\n  {"instance_data_dir": "C:\\photos\\dog"}\n]')).problems;
		expect(problem).toMatchObject({level: 'block', line: 2, cure: expect.stringContaining('C:\\\\photos')});
		expect(problem.column).toBeGreaterThan(20);
	});

	it('that is not JSON is refused with the place', () => {
		expect(readConceptList(written('[{"instance_data_dir": "photos",}]')).problems).toMatchObject([{level: 'block', message: expect.stringContaining('not JSON'), line: 1, column: expect.any(Number)}]);
		expect(readConceptList(written('{"instance_data_dir": "photos"}')).problems[0].message).toContain('an array of objects');
		expect(readConceptList(path.join(folder, 'none.json')).problems[0].message).toContain('does not exist');
	});

	it('says which key it does not know, which value is wrong, and which folder is missing', () => {
		const {concepts, problems} = readConceptList(list({instance_data_dir: 'photos', instance_promt: 'sks'}, {instance_data_dir: 'nowhere', num_class_images_per: 'five'}));
		expect(concepts).toBeUndefined();
		expect(problems.map(({key, message, cure, line}) => [key, `${message} ${cure}`, line])).toEqual([
			['concepts.0.instance_promt', 'instance_promt is no key of a concept. Did you mean instance_prompt?', 4],
			['concepts.1.num_class_images_per', expect.stringContaining('num_class_images_per is "five". It must be a whole number'), 8],
			['concepts.1.instance_data_dir', expect.stringContaining(`${path.join(folder, 'lists', 'nowhere')}, does not exist`), 7],
		]);
	});

	it('of an older version is converted with a warning', () => {
		const {concepts, problems} = readConceptList(list({instance_data_dir: 'photos', instance_prompt: 'sks', max_steps: 500, num_class_images: 100, file_prompt_contents: 'Description'}));
		expect(concepts).toHaveLength(1);
		expect(problems.map(({level, key}) => [level, key])).toEqual([['warn', 'concepts.0.max_steps'], ['warn', 'concepts.0.num_class_images'], ['warn', 'concepts.0.file_prompt_contents']]);
	});
});
