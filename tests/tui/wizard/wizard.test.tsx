import fs from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest';
import {asset, demoConfig} from '../../../src/presets/index.ts';
import {capabilities} from '../../../src/tui/term/index.ts';
import {outcomeOf, reduceAnswers} from '../../../src/tui/wizard/answers.ts';
import {firstAnswers} from '../../../src/tui/wizard/index.ts';
import {AppWorld, machine} from '../app-world.tsx';
import {KEYS} from '../fake-keyboard.ts';

let world: AppWorld;
let photos: string;

beforeEach(async () => {
	world = new AppWorld();
	photos = path.join(world.folder, 'photos');
	fs.mkdirSync(photos);
	await Promise.all(['one.png', 'two.png', 'three.png'].map(async name =>
		sharp({create: {width: 160, height: 200, channels: 3, background: 'red'}}).png().toFile(path.join(photos, name))));
	fs.writeFileSync(path.join(photos, 'notes.doc'), 'no image');
	fs.writeFileSync(path.join(photos, 'broken.png'), fs.readFileSync(path.join(photos, 'one.png')).subarray(0, 60));
});
afterEach(async () => world.close());

/** Opens the field under the cursor, empties it, types and saves. */
async function fill(label: string, text: string): Promise<void> {
	await world.press(KEYS.enter, `Editing ${label}`);
	await world.press(`\u0015${text}${KEYS.enter}`, 'ubmit form');
}

/** From the first page to the step after the base model, with own images. */
async function toManner(): Promise<void> {
	world.open();
	await world.press('2', 'What to teach');
	await world.press('3', 'Instance images: empty');
	await fill('Instance images', photos);
	await world.press(KEYS.down, /Instance prompt: .* edit/);
	await fill('Instance prompt', 'a photo of zwx otter');
	await world.press(KEYS.right, 'Base model: empty');
	await fill('Base model', asset('demo', 'base'));
	await world.press(KEYS.right, 'step 4 of 9');
}

describe('from the first page to the start', () => {
	test('the demo is three times Enter away, with its own values', async () => {
		world.open();
		await world.see('❯ 1 Try it');
		await world.press(KEYS.enter, 'Name: demo-robot');
		await world.press(KEYS.enter, '');
		expect(await world.ended()).toEqual({type: 'watch', runFolder: path.join(world.folder, 'runs', 'new'), isNew: true});
		expect(world.started).toEqual([demoConfig()]);
		expect(world.store.list().filter(({shipped}) => !shipped)).toEqual([]);
	});

	test('own images: what is given is taken, prompts follow, the preset and the folders are kept', async () => {
		await toManner();
		await world.press(KEYS.enter, 'free: fits');
		await world.press(KEYS.enter, /3 images|4 images/);
		await world.press(KEYS.enter, 'Sample every');
		expect(await world.press(KEYS.enter, 'Take all this and go on')).toMatch(/Sample prompts +a photo of zwx otter \|/);
		await world.press(KEYS.enter, 'keeps the preset animal');
		await world.press(KEYS.up + KEYS.up, /Name: .* edit/);
		await fill('Name', 'otter 1');
		await world.press(KEYS.up, 'Press Enter to submit');
		world.keyboard.type(KEYS.enter);
		await world.ended();
		expect(world.started).toHaveLength(1);
		const [config] = world.started;
		expect(config).toMatchObject({
			name: 'otter 1', baseModel: asset('demo', 'base'), resolution: 64,
			samplePrompts: ['a photo of zwx otter', 'a photo of zwx otter on the beach', 'a photo of an otter'],
			concepts: [{instanceImages: photos, instancePrompt: 'a photo of zwx otter', classPrompt: 'a photo of an otter', classImagesPerInstance: 5}],
		});
		expect(world.store.get('otter 1').config).toEqual(config);
		expect(world.store.recent('baseModels')).toEqual([asset('demo', 'base')]);
		expect(world.store.recent('imageFolders')).toEqual([photos]);
	});

	test('what stands in the way of the start is said, and can be cured', async () => {
		let isReady = false;
		world.open({room: {name: 'wizard', answers: firstAnswers(), firstStep: 'start'}, async start() {
			if (!isReady) {
				throw Object.assign(new Error('The TensorFlow runtime is not ready.'), {name: 'RuntimeMissingError', action: 'Get it, once, with: dreambooth setup'});
			}
		}});
		await world.see('Press Enter to submit');
		await world.press(KEYS.enter, /✗ The TensorFlow runtime is not ready\. Get it, once, with: dreambooth setup/);
		isReady = true;
		world.keyboard.type(KEYS.enter);
		await world.ended();
		expect(world.started).toHaveLength(1);
	});

	test('a preset of that name is not overwritten', async () => {
		world.store.save('demo-robot', demoConfig());
		world.open({room: {name: 'wizard', answers: firstAnswers(), firstStep: 'start'}});
		await world.see('Press Enter to submit');
		await world.press(KEYS.up, /Keep as preset: .* edit/);
		await world.press(KEYS.enter, '1 yes');
		await world.press(`1${KEYS.enter}`, 'keeps the preset');
		await world.press(KEYS.down, 'Press Enter to submit');
		await world.press(KEYS.enter, 'There is a preset called demo-robot already.');
		expect(world.started).toEqual([]);
	});

	test('what the person should know before any run stands at the start', async () => {
		world.open({room: {name: 'wizard', answers: firstAnswers(), firstStep: 'start'}, warnings: ['This system ends your processes.']});
		await world.see('! This system ends your processes.');
	});
});

describe('the folder of images', () => {
	test('is looked at while it is typed: counted, and what will be skipped is named', async () => {
		world.open({room: {name: 'wizard', answers: firstAnswers({subject: 'object'}), firstStep: 'images'}});
		await world.see('Instance images: empty');
		await world.press(KEYS.enter, 'Editing');
		const seen = await world.press(photos, '✓ 3 images');
		expect(seen).toContain('broken.png cannot be read and will be skipped');
		expect(seen).toContain('notes.doc is no image and will be skipped');
		expect(seen).toContain('smaller than 512 pixels');
		await world.press('-nowhere', '✗ There is no such folder.');
	});

	test('must be there before one goes on', async () => {
		world.open({room: {name: 'wizard', answers: firstAnswers({subject: 'object'}), firstStep: 'images'}});
		await world.see('Instance images: empty');
		await world.press(KEYS.right, '✗ Concept 1 has no folder of instance images.');
		await world.press(KEYS.right, 'Your images');
	});
});

describe('going back', () => {
	test('loses nothing, also what was answered for another subject', async () => {
		await toManner();
		await world.press(KEYS.escape, 'Base model');
		await world.press(KEYS.left, 'Instance prompt: a photo of zwx otter');
		await world.press(KEYS.escape, 'What to teach');
		await world.press('1', 'Take all this and go on');
		expect(await world.press(KEYS.escape, 'What to teach')).toContain('❯ 1 Try it');
		expect(await world.press('3', 'Your images')).toContain('a photo of zwx otter');
	});

	test('from the first step leads to the first page', async () => {
		world.open({room: {name: 'wizard', answers: firstAnswers()}});
		await world.see('What to teach');
		await world.press(KEYS.escape, '2 New run');
	});

	test('Ctrl-C asks first, and leaves the second time', async () => {
		world.open({room: {name: 'wizard', answers: firstAnswers()}});
		await world.see('What to teach');
		await world.press(KEYS.ctrlC, 'Ctrl-C again leaves');
		await world.press(KEYS.ctrlC, '');
		expect(await world.ended()).toEqual({type: 'quit'});
	});
});

describe('help', () => {
	test('? explains the setting under the cursor', async () => {
		world.open({room: {name: 'wizard', answers: firstAnswers({subject: 'object'}), firstStep: 'images'}});
		await world.see('Instance images: empty');
		await world.press(KEYS.down, /Instance prompt: .* edit/);
		await world.press('?', 'instancePrompt, --instance-prompt');
		await world.press(KEYS.escape, 'Instance images: empty');
	});

	test('? in a question lists the keys', async () => {
		world.open({room: {name: 'wizard', answers: firstAnswers()}});
		await world.see('What to teach');
		await world.press('?', 'the step before; nothing is lost');
		await world.press(KEYS.enter, 'What to teach');
	});
});

describe('memory', () => {
	test('says whether it fits, what it is spent on, and what each option would change', async () => {
		await toManner();
		const seen = await world.press(KEYS.enter, 'free: fits');
		expect(seen).toMatch(/^runtime \d+ MiB, /m);
		expect(seen).toMatch(/❯ Mixed precision +f32 +bf16: \S+/);
		expect(seen).toMatch(/Memory attention +full +Attention in chunks: \S+/);
		expect(seen).toMatch(/Cache latents +ram +Latents encoded at each step: \S+/);
		expect(seen).toContain('Off: f32 is exact');
		await world.press(KEYS.down + ' ', /❯ Memory attention +chunked +All of attention at once/);
		await world.press('r', /❯ Memory attention +full +Attention in chunks: \S+/);
	});

	test('what does not fit says the changes that let it fit, and makes them', async () => {
		const answers = reduceAnswers(firstAnswers({subject: 'person'}), {type: 'give', key: 'baseModel', value: asset('demo', 'base')});
		const {peakBytes} = outcomeOf(answers, machine).plan!;
		const tight = {...machine, memory: {...machine.memory, availableBytes: (peakBytes + 2 ** 20) / 0.9}};
		world.open({hardware: tight, room: {name: 'wizard', answers, firstStep: 'memory'}});
		await world.see('free: fits');
		for (let row = 0; row < 12 && !(await world.see('')).includes('❯ Batch size'); row++) {
			const before = /❯ .*/.exec(await world.see('❯'))![0];
			world.keyboard.type(KEYS.down);
			await vi.waitFor(async () => expect(await world.see('❯')).not.toContain(before));
		}

		await world.press(' ', /❯ Batch size +2/);
		await world.see(/! It would fit with: .*Press f to take\s+these/s);
		expect(await world.press('f', 'free: fits')).not.toContain('It would fit with');
	});
});

describe('all settings', () => {
	test('are found by their Chinese name and changed; the review says whose choice it was', async () => {
		await toManner();
		await world.press('4', 'All settings');
		await world.press('/', 'search:');
		await world.press('分辨率', '❯ Resolution');
		await world.press(KEYS.enter, 'edit');
		await world.press(KEYS.enter, 'give up');
		await world.press(`\u0015${'100000'}${KEYS.enter}`, 'It must be');
		await world.press(`\u0015${'192'}${KEYS.enter}`, /❯ Resolution +192 pixels +your choice/);
		await world.press(KEYS.escape, '❯ Instance images');
		await world.press('/', 'search:');
		await world.press(`gradient_checkpointing${KEYS.enter}`, /❯ Gradient checkpointing +no/);
		await world.press(' ', /❯ Gradient checkpointing +yes +your choice/);
	});
});

describe('the photos of the folder', () => {
	test('are shown below the form', async () => {
		world.open({room: {name: 'wizard', answers: reduceAnswers(firstAnswers({subject: 'object'}), {type: 'give', key: 'instanceImages', value: photos}), firstStep: 'images'}});
		await world.see('Submit form');
		// 160x200 pixels in 8 rows: 13 columns each, in the order of their names.
		await vi.waitFor(async () => expect((await world.terminal.cell(2, 14)).background).toBeGreaterThan(0));
		expect((await world.terminal.cell(79, 14)).background).toBe(-1);
	});

	test('are left out where pictures cannot be shown', async () => {
		world.open({
			can: capabilities({TERM: 'xterm-256color', LANG: 'C.UTF-8', NO_COLOR: '1'}, {terminal: true}),
			room: {name: 'wizard', answers: reduceAnswers(firstAnswers({subject: 'object'}), {type: 'give', key: 'instanceImages', value: photos}), firstStep: 'images'},
		});
		await world.see('photos');
		expect((await world.terminal.cell(2, 14)).text.trim()).toBe('');
	});
});

describe('the screens', () => {
	const screens = (name: string): string => `../screens/${name}.txt`;

	test('what to teach, at 80x24', async () => {
		world.open({room: {name: 'wizard', answers: firstAnswers({subject: 'animal'})}});
		await expect(await world.see('❯ 3 An animal')).toMatchFileSnapshot(screens('wizard-subject'));
	});

	test('a form at 80x24', async () => {
		world.open({room: {name: 'wizard', answers: firstAnswers({subject: 'person'}), firstStep: 'samples'}});
		await expect(await world.see('Press Enter to submit')).toMatchFileSnapshot(screens('wizard-prompts'));
	});

	test('an open field at 80x24', async () => {
		world.open({room: {name: 'wizard', answers: firstAnswers({subject: 'person'}), firstStep: 'images'}});
		await world.see('Press enter to edit');
		await world.press(KEYS.enter, 'Editing');
		await expect(await world.press(photos, 'notes.doc')).toMatchFileSnapshot(screens('wizard-images'));
	});

	test('the memory of Stable Diffusion 1.5 on a machine of 24 GiB, at 80x24', async () => {
		const model = path.join(world.folder, 'sd15');
		const configs = {
			unet: {sample_size: 64, in_channels: 4, out_channels: 4, cross_attention_dim: 768, attention_head_dim: 8, block_out_channels: [320, 640, 1280, 1280], layers_per_block: 2},
			text_encoder: {hidden_size: 768, intermediate_size: 3072, num_hidden_layers: 12, num_attention_heads: 12, vocab_size: 49_408, max_position_embeddings: 77},
			vae: {in_channels: 3, out_channels: 3, latent_channels: 4, block_out_channels: [128, 256, 512, 512], layers_per_block: 2},
			scheduler: {prediction_type: 'epsilon'},
		};
		for (const [part, config] of Object.entries(configs)) {
			fs.mkdirSync(path.join(model, part), {recursive: true});
			fs.writeFileSync(path.join(model, part, part === 'scheduler' ? 'scheduler_config.json' : 'config.json'), JSON.stringify(config));
		}

		const hardware = {...machine, memory: {totalBytes: 24 * 2 ** 30, availableBytes: 20 * 2 ** 30}};
		const answers = reduceAnswers(firstAnswers({subject: 'person'}), {type: 'give', key: 'baseModel', value: model});
		world.open({hardware, room: {name: 'wizard', answers, firstStep: 'memory'}});
		await world.see('free: fits');
		await expect(await world.press(KEYS.down, '❯ Memory attention')).toMatchFileSnapshot(screens('wizard-memory'));
	});

	test('the review at 80x24', async () => {
		world.open({room: {name: 'wizard', answers: firstAnswers({preset: {name: 'robot', config: {...demoConfig(), concepts: [{...demoConfig().concepts[0]!, instanceImages: photos}]}}}), firstStep: 'review'}});
		await expect(await world.see('4 images: 200 steps')).toMatchFileSnapshot(screens('wizard-review'));
	});

	test('on a terminal without UTF-8 only ASCII arrives', async () => {
		world.open({can: capabilities({TERM: 'xterm', LANG: 'C'}, {terminal: true}), room: {name: 'wizard', answers: firstAnswers({subject: 'person'}), firstStep: 'images'}});
		expect(await world.see('Submit form')).toMatch(/^[\n\x20-\x7E]*$/);
	});

	test('a terminal that is too small says what is needed', async () => {
		world.open({size: [50, 12]});
		await world.see('This terminal is 50x12; 60x16 are needed.');
	});
});
