import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {setImmediate} from 'node:timers/promises';
import {render, cleanup} from 'ink-testing-library';
import {useState} from 'react';
import {unstable_IdlePriority as whenIdle, unstable_scheduleCallback as scheduleCallback} from 'scheduler';
import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest';
import {conceptSettings, settingOf, type Setting, type SettingKey, type SettingValue} from '../../../src/presets/index.ts';
import {SettingsForm, type FieldValues, type PathCheck} from '../../../src/tui/fields/index.ts';
import {KEYS} from '../fake-keyboard.ts';

let saved: [string, SettingValue][];
let cursor: string | undefined;
let isEditing: boolean;
let submitted = 0;
let screen: ReturnType<typeof render>;

beforeEach(() => {
	saved = [];
	isEditing = false;
	submitted = 0;
});
afterEach(cleanup);

function Page({settings, values: initial, checks, recent}: {settings: readonly Setting[]; values: FieldValues; checks?: Record<string, PathCheck>; recent?: readonly string[]}) {
	const [values, setValues] = useState(initial);
	return (
		<SettingsForm
			title="Page" place="2 of 3" settings={settings} values={values} columns={80} rows={20} {...(checks && {checks})} recent={() => recent ?? []} firstKey={settings[0]!.key}
			onChange={(key, value) => {
				saved.push([key, value]);
				setValues(before => ({...before, [key]: value}));
			}}
			onSubmit={() => submitted++}
			onCursor={key => {
				cursor = key;
			}}
			onEditing={editing => {
				isEditing = editing;
			}}
		/>
	);
}

/** Opens a form on these settings with the cursor on the first. */
async function open(keys: readonly SettingKey[], values: FieldValues = {}, more: {checks?: Record<string, PathCheck>; recent?: readonly string[]} = {}): Promise<void> {
	await openSettings(keys.map(settingOf), values, more);
}

async function openSettings(settings: readonly Setting[], values: FieldValues = {}, more: {checks?: Record<string, PathCheck>; recent?: readonly string[]} = {}): Promise<void> {
	const all = Object.fromEntries(settings.map(({key, default: value}) => [key, values[key] ?? value]));
	screen = render(<Page settings={settings} values={all} {...more}/>);
	await see('Press enter to edit');
	await idle();
}

const see = async (text: string | RegExp): Promise<string> => vi.waitFor(() => {
	const frame = screen.lastFrame() ?? '';
	expect(frame).toMatch(text);
	return frame;
}, {timeout: 5000});

/** React has done all that it has to do: what `PacedKeyboard` waits for before each key. */
async function idle(): Promise<void> {
	for (let round = 0; round < 5; round++) {
		await setImmediate();
		await new Promise<void>(resolve => {
			scheduleCallback(whenIdle, () => resolve());
		});
	}
}

/** One key or one paste. */
async function press(keys: string): Promise<void> {
	screen.stdin.write(keys);
	await idle();
}

async function type(keys: string, then: string | RegExp): Promise<void> {
	await press(keys);
	await see(then);
}

/** Opens the field under the cursor, empties it, types and saves. */
async function fill(text: string): Promise<void> {
	await type(KEYS.enter, 'to complete field');
	await press('\u0015');
	for (const letter of text) {
		await press(letter);
	}

	await see(text);
	await type(KEYS.enter, 'Submit form');
}

describe('numbers', () => {
	test.each([['5e-6', 5e-6], ['2e-06', 2e-6], ['.05', 0.05], ['0.000002', 2e-6], ['0.05', 0.05]])('%s typed is %d', async (text, value) => {
		await open(['learningRate'], {learningRate: 1});
		await fill(text);
		expect(saved).toEqual([['learningRate', value]]);
	});

	test('5e-6 pasted with its line end is 5e-6, saved', async () => {
		await open(['learningRate']);
		await type(KEYS.enter, 'to complete field');
		await type('\u0015', 'It must');
		await type('5e-6\r', 'Submit form');
		expect(saved).toEqual([['learningRate', 5e-6]]);
	});

	test('0 is a value', async () => {
		await open(['warmupSteps'], {warmupSteps: 20});
		await fill('0');
		expect(saved).toEqual([['warmupSteps', 0]]);
	});

	test('what is out of range says the range and is not saved', async () => {
		await open(['batchSize']);
		await type(KEYS.enter, 'to complete field');
		await type('\u0015x', /It must be a whole number from 1 to/);
		await type(KEYS.enter, /It must be/);
		await type(KEYS.escape, 'Submit form');
		expect(saved).toEqual([]);
	});

	test('arrows add a step and stay in the range', async () => {
		await open(['batchSize'], {batchSize: 2});
		await type(KEYS.enter, 'to complete field');
		await type(KEYS.up, '3');
		await type(KEYS.down, '2');
		await type(KEYS.down, '1');
		await type(KEYS.down, '1');
		await type(KEYS.enter, 'Submit form');
		expect(saved).toEqual([['batchSize', 1]]);
	});
});

describe('choices and toggles', () => {
	test('a toggle is switched off', async () => {
		await open(['trainTextEncoder'], {trainTextEncoder: true});
		await type(KEYS.enter, '1 yes');
		await type('n', /❯ 2 no|> 2 no/);
		await type(KEYS.enter, 'Submit form');
		expect(saved).toEqual([['trainTextEncoder', false]]);
	});

	test('a digit takes a choice; without a change Enter keeps the value', async () => {
		await open(['sampler'], {sampler: 'ddim'});
		await type(KEYS.enter, '1 ddim');
		await type('2', /[❯>] 2 /);
		await type(KEYS.enter, 'Submit form');
		expect(saved).toEqual([['sampler', (settingOf('sampler') as Setting & {type: 'choice'}).choices[1]!.value]]);
		await type(KEYS.enter, /[❯>] 2 /);
		await type(KEYS.enter, 'Submit form');
		expect(saved).toHaveLength(1);
	});
});

describe('the cursor', () => {
	test('is followed through arrows, Tab, opening, saving and giving up', async () => {
		await open(['name', 'learningRate', 'batchSize']);
		expect(cursor).toBe('name');
		const goes = async (keys: string, to: string | undefined) => {
			await press(keys);
			await vi.waitFor(() => expect(cursor).toBe(to));
		};

		await goes(KEYS.down, 'learningRate');
		await type(KEYS.enter, /Editing Learning rate/);
		expect(isEditing).toBe(true);
		await type(KEYS.escape, 'Submit form');
		expect(isEditing).toBe(false);
		await see(/Learning rate: .*Press enter to edit/);
		await goes(KEYS.tab, 'batchSize');
		await type(KEYS.enter, /Editing Batch size/);
		await goes(KEYS.tab, undefined);
		await type('', 'Press Enter to submit form');
		await type(KEYS.enter, 'Submit form');
		await vi.waitFor(() => expect(submitted).toBe(1));
		await goes(KEYS.down, 'name');
		await see(/Name: .*Press enter to edit/);
		await goes(KEYS.up, undefined);
		await goes(KEYS.up, 'batchSize');
		await see(/Batch size: .*Press enter to edit/);
	});

	test('Tab in an open field saves it and goes on', async () => {
		await open(['name', 'learningRate']);
		await type(KEYS.enter, 'to complete field');
		await type('-2', 'dreambooth-2');
		await type(KEYS.tab, /Learning rate: .*Press enter to edit/);
		expect(saved).toEqual([['name', 'dreambooth-2']]);
	});

	test.each([['Esc', KEYS.escape], ['Ctrl-C', KEYS.ctrlC]])('%s in an open field keeps the value of before, and the cursor', async (_, key) => {
		await open(['learningRate', 'name']);
		await type(KEYS.down, /Name: .*Press enter to edit/);
		await type(KEYS.enter, 'to complete field');
		await type('abc', 'dreamboothabc');
		await type(key, /Name: dreambooth .*Press enter to edit/);
		expect(saved).toEqual([]);
	});
});

describe('lists of texts', () => {
	test('a paste of several lines fills several rows', async () => {
		await open(['samplePrompts']);
		await type(KEYS.enter, 'to complete field');
		await type('a robot\ra red robot', 'a red robot');
		await type(KEYS.enter, 'Submit form');
		expect(saved).toEqual([['samplePrompts', ['a robot', 'a red robot']]]);
	});
});

describe('paths', () => {
	let folder: string;
	const instanceImages = conceptSettings.find(({key}) => key === 'instanceImages')!;

	beforeEach(() => {
		folder = fs.mkdtempSync(path.join(os.tmpdir(), 'path-field-'));
		for (const name of ['dogs', 'dolls', '.hidden']) {
			fs.mkdirSync(path.join(folder, name));
		}
	});
	afterEach(() => fs.rmSync(folder, {recursive: true}));

	test('Tab completes as a shell does, and saves when nothing is left to complete', async () => {
		await openSettings([instanceImages], {instanceImages: `${folder}/d`});
		await type(KEYS.enter, /dogs[^]*dolls/);
		expect(screen.lastFrame()).not.toContain('.hidden');
		await type(KEYS.tab, /do\S?\n/);
		await type('g', /dog/);
		await type(KEYS.tab, /dogs\//);
		await type(KEYS.tab, 'Submit form');
		expect(saved).toEqual([['instanceImages', `${folder}/dogs/`]]);
	});

	test('a model may be a folder or a safetensors file; other files are not offered', async () => {
		fs.writeFileSync(path.join(folder, 'model.safetensors'), '');
		fs.writeFileSync(path.join(folder, 'model.ckpt'), '');
		await open(['baseModel'], {baseModel: `${folder}/`});
		await type(KEYS.enter, /dogs\/[^]*model\.safetensors/);
		expect(screen.lastFrame()).not.toContain('model.ckpt');
		await type('m', '/m');
		await type(KEYS.tab, 'model.safetensors|');
		await type(KEYS.tab, 'Submit form');
		expect(saved).toEqual([['baseModel', `${folder}/model.safetensors`]]);
	});

	test('arrows walk through recent paths, and the check speaks of the one that is shown', async () => {
		await openSettings([instanceImages], {instanceImages: ''}, {
			recent: ['/photos/cat', '/photos/dog'],
			checks: {instanceImages: async file => [{text: `looked at ${file}`, look: 'ok'}]},
		});
		await type(KEYS.enter, '/photos/dog');
		await type(KEYS.down, 'looked at /photos/cat');
		await type(KEYS.down, 'looked at /photos/dog');
		await type(KEYS.enter, 'Submit form');
		expect(saved).toEqual([['instanceImages', '/photos/dog']]);
	});
});
