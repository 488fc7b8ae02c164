import fs from 'node:fs';
import path from 'node:path';
import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest';
import {defaultConfig, demoConfig} from '../../src/presets/index.ts';
import {identify} from '../../src/train/protocol/index.ts';
import {AppWorld, machine} from './app-world.tsx';
import {KEYS} from './fake-keyboard.ts';
import {recordedEvents, writeRecordedRun, type Recording} from './recorded-run.ts';

let world: AppWorld;
beforeEach(() => {
	world = new AppWorld();
});
afterEach(async () => world.close());

const runFolder = (id: string): string => path.join(world.folder, 'runs', id);

function makeRun(id: string, recording: Recording): void {
	writeRecordedRun(runFolder(id), recordedEvents(recording));
}

/** Makes this process the runner of a run. */
function holdRun(id: string): void {
	const file = path.join(runFolder(id), 'run.json');
	fs.writeFileSync(file, JSON.stringify({...JSON.parse(fs.readFileSync(file, 'utf8')) as object, runner: identify(process.pid)}));
}

const finished = {totalSteps: 10, end: {type: 'finished', step: 10, seconds: 5, output: 'output/robot.safetensors', folder: 'output/robot'}} as const;
const failed = {totalSteps: 10, steps: 4, end: {type: 'failed', step: 4, cause: 'DataError', message: 'The folder /photos is empty.', action: 'Put pictures there.'}} as const;

describe('the first page', () => {
	test('at 80x24, with the demo preselected and the machine below', async () => {
		makeRun('20260102-030405-robot', finished);
		world.open();
		await expect(await world.see('GPU ')).toMatchFileSnapshot('screens/home.txt');
	});

	test('says of each graphics card what keeps it from being used, to the end', async () => {
		const gibibyte = 2 ** 30;
		const card = {name: 'RTX A5000', totalBytes: 24 * gibibyte, usedBytes: 14 * gibibyte, freeBytes: 10 * gibibyte, driver: '550', computeCapability: 8.6, processes: [{pid: 4242, name: 'python3', usedBytes: 14 * gibibyte}]};
		world.open({hardware: {...machine, gpu: {state: 'present', gpus: [{...card, index: 0}, {...card, index: 1, name: 'NVIDIA B200', computeCapability: 10, processes: []}]}}});
		const seen = (await world.see('GPU 1')).replaceAll(/\s+/g, ' ');
		expect(seen).toContain('In use by python3 (process 4242, 14.0 GiB): training has to do with the 10.0 GiB that are left');
		expect(seen).toContain('The NVIDIA B200 has compute capability 10.0, which is newer than TensorFlow 2.21 knows (up to 9.x). It cannot be used');
	});

	test.each([['3', 'There is no run yet'], ['4', 'comes with dreambooth'], [`${KEYS.down}${KEYS.down}${KEYS.enter}`, 'There is no run yet']])('%j opens %s, and Esc leads back', async (keys, room) => {
		world.open();
		await world.see('Try it');
		await world.press(keys, room);
		await world.press(KEYS.escape, 'Try it');
	});

	test.each(['q', '5', KEYS.ctrlC, KEYS.escape])('%j leaves', async key => {
		world.open();
		await world.see('Try it');
		world.keyboard.type(key);
		expect(await world.ended()).toEqual({type: 'quit'});
	});

	test('a file of presets that cannot be understood is set aside, and said so', async () => {
		fs.writeFileSync(path.join(world.folder, 'presets.json'), '{"presets": [');
		world.open();
		await world.see(/! The file of your presets could not be understood\. It was kept as/);
		expect(fs.readdirSync(world.folder).filter(name => name.includes('.broken-')).map(name => fs.readFileSync(path.join(world.folder, name), 'utf8'))).toEqual(['{"presets": [']);
	});
});

describe('runs', () => {
	test('are listed with their state, the newest first, and why one failed', async () => {
		makeRun('20260102-030405-robot', finished);
		makeRun('20260102-030406-robot', failed);
		world.open({room: {name: 'runs'}});
		const seen = await world.see('1 of 2');
		expect(seen).toMatch(/robot +finished +10\/10/);
		expect(seen).toMatch(/robot +failed +4\/10/);
		expect(seen).toContain('failed  The folder /photos is empty. Put pictures there.');
		await world.press(KEYS.down, 'output/robot.safetensors');
	});

	test('Enter watches the one under the cursor', async () => {
		makeRun('20260102-030405-robot', finished);
		world.open({room: {name: 'runs'}});
		await world.see('finished');
		world.keyboard.type(KEYS.enter);
		expect(await world.ended()).toEqual({type: 'watch', runFolder: runFolder('20260102-030405-robot'), isNew: false});
	});

	test('one that others start or end shows by itself', async () => {
		world.open({room: {name: 'runs'}});
		await world.see('There is no run yet');
		makeRun('20260102-030405-robot', finished);
		await world.see('finished');
	});

	test('two are compared: one is marked, the other is under the cursor', async () => {
		makeRun('20260102-030405-robot', finished);
		makeRun('20260102-030406-robot', failed);
		world.open({room: {name: 'runs'}});
		await world.see('1 of 2');
		await world.press(' ', /❯ \* robot +failed/);
		await world.press('c', 'This is the marked run');
		await world.press(KEYS.down, '2 of 2');
		world.keyboard.type('c');
		expect(await world.ended()).toEqual({type: 'compare', runFolders: [runFolder('20260102-030406-robot'), runFolder('20260102-030405-robot')]});
	});

	test('one that has failed is resumed, or what stands in the way is said', async () => {
		makeRun('20260102-030406-robot', failed);
		let isReady = false;
		world.open({room: {name: 'runs'}, async start() {
			if (!isReady) {
				throw Object.assign(new Error('The TensorFlow runtime is not ready.'), {name: 'RuntimeMissingError', action: 'Get it.'});
			}
		}});
		await world.see('failed');
		await world.press('r', '✗ The TensorFlow runtime is not ready. Get it.');
		isReady = true;
		world.keyboard.type('r');
		expect(await world.ended()).toEqual({type: 'watch', runFolder: runFolder('20260102-030406-robot'), isNew: false});
		expect(world.resumed).toEqual([runFolder('20260102-030406-robot')]);
	});

	test('a new run takes the values of one, to be changed first', async () => {
		makeRun('20260102-030405-robot', finished);
		const file = path.join(runFolder('20260102-030405-robot'), 'run.json');
		fs.writeFileSync(file, JSON.stringify({...JSON.parse(fs.readFileSync(file, 'utf8')) as object, config: {...demoConfig(), maxSteps: 77}}));
		world.open({room: {name: 'runs'}});
		await world.see('finished');
		await world.press('n', /Steps +77 steps/);
	});

	test('are removed only after a question', async () => {
		makeRun('20260102-030405-robot', finished);
		world.open({room: {name: 'runs'}});
		await world.see('finished');
		await world.press('x', 'Remove 20260102-030405-robot with its checkpoints, samples and output?');
		await world.press('n', 'Enter watch');
		expect(fs.existsSync(runFolder('20260102-030405-robot'))).toBe(true);
		await world.press('x', 'Remove');
		await world.press('y', 'was removed');
		await vi.waitFor(() => expect(fs.existsSync(runFolder('20260102-030405-robot'))).toBe(false));
		await world.see('There is no run yet');
	});

	test('one at work is not removed', async () => {
		makeRun('20260102-030405-robot', {totalSteps: 10, steps: 4});
		holdRun('20260102-030405-robot');
		world.open({room: {name: 'runs'}});
		await world.see('running');
		await world.press('x', 'This run is at work. Watch it and stop it first.');
		expect(fs.existsSync(runFolder('20260102-030405-robot'))).toBe(true);
	});
});

describe('presets', () => {
	beforeEach(() => {
		world.store.save('my dog', {...demoConfig(), name: 'dog'});
		world.open({room: {name: 'presets'}});
	});

	test('are renamed and duplicated, and the cursor follows', async () => {
		await world.see('❯   my dog');
		await world.press('r', 'New name: my dog');
		await world.press(`\u0015old dog${KEYS.enter}`, '❯   old dog');
		await world.press('d', 'Name of the copy: old dog copy');
		await world.press(KEYS.enter, '❯   old dog copy');
		expect(world.store.list().filter(({shipped}) => !shipped).map(({name}) => name)).toEqual(['old dog', 'old dog copy']);
	});

	test('a name that is taken is refused', async () => {
		await world.see('❯   my dog');
		await world.press('d', 'Name of the copy');
		await world.press(`\u0015demo${KEYS.enter}`, 'The preset demo comes with the program');
		await world.press('r', 'New name');
		await world.press(KEYS.escape, 'Enter use');
		expect(world.store.list().filter(({shipped}) => !shipped).map(({name}) => name)).toEqual(['my dog']);
	});

	test('are removed only after a question', async () => {
		await world.see('❯   my dog');
		await world.press('x', 'Remove the preset my dog?');
		await world.press(KEYS.escape, 'Enter use');
		expect(world.store.list().some(({name}) => name === 'my dog')).toBe(true);
		await world.press('x', 'Remove the preset my dog?');
		await world.press('y', 'my dog was removed.');
		expect(world.store.list().some(({name}) => name === 'my dog')).toBe(false);
	});

	test('one is compared with the defaults and with another one', async () => {
		await world.see('❯   my dog');
		world.store.save('my cat', {...demoConfig(), name: 'cat', batchSize: 3});
		expect(await world.press('c', 'my dog, and the defaults:')).toMatch(/baseModel\n +demo\n +not set|batchSize\n +4\n +1/);
		await world.press(KEYS.escape, 'Enter use');
		await world.press(' ', /❯ \* my dog/);
		await world.press(KEYS.escape, 'Try it');
		await world.press('4', '❯   my cat');
		await world.press(`${KEYS.down} ${KEYS.up}`, /❯ +my cat/);
		expect(await world.press('c', 'my cat, and my dog:')).toMatch(/batchSize\n +3\n +4/);
	});

	test('one is exported, and imported under the name of its file', async () => {
		await world.see('❯   my dog');
		const file = path.join(world.folder, 'exported dog.json');
		await world.press('e', 'Write to:');
		await world.press(`\u0015${file}${KEYS.enter}`, 'my dog is in WORLD/exported dog.json.');
		await world.press('e', 'Write to:');
		await world.press(`\u0015${file}${KEYS.enter}`, /✗ .*exists\s+already/s);
		await world.press('i', 'Config file:');
		await world.press(`${file}${KEYS.enter}`, '❯   exported dog');
		expect(world.store.get('exported dog').config).toEqual({...demoConfig(), name: 'dog'});
		await world.press('i', 'Config file:');
		await world.press(`${world.folder}/nowhere.json${KEYS.enter}`, /✗ .*nowhere\.json/s);
	});

	test('those that come with the program stay as they are', async () => {
		await world.see('❯   my dog');
		await world.press(KEYS.down, '❯   demo');
		await world.press('x', 'It comes with the program and stays as it is.');
	});

	test('Enter begins a run with its values, to be changed first', async () => {
		await world.see('❯   my dog');
		expect(await world.press(KEYS.enter, 'Take all this and go on')).toContain('a photo of sks robot');
		await world.press(KEYS.right, 'keeps the preset dog');
		await world.press(KEYS.enter, '');
		await world.ended();
		expect(world.started).toEqual([{...demoConfig(), name: 'dog'}]);
	});

	test('one that lacks images asks for them first', async () => {
		await world.see('❯   my dog');
		world.store.save('a bare one', defaultConfig());
		await world.press(KEYS.escape, 'Try it');
		await world.press('4', '❯   a bare one');
		await world.press(KEYS.enter, 'Instance images: empty');
	});
});
