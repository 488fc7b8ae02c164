import fs from 'node:fs';
import path from 'node:path';
import {render} from 'ink-testing-library';
import sharp from 'sharp';
import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest';
import {asset, defaultConcept, demoConfig, type Concept, type Gpu, type Hardware} from '../../../src/presets/index.ts';
import {capabilities, ImageRows, PictureCache} from '../../../src/tui/term/index.ts';
import {outcomeOf, reduceAnswers} from '../../../src/tui/wizard/answers.ts';
import {ConceptList} from '../../../src/tui/wizard/concept-list.tsx';
import {firstAnswers} from '../../../src/tui/wizard/index.ts';
import {AppWorld, machine} from '../app-world.tsx';
import {KEYS} from '../fake-keyboard.ts';

let world: AppWorld;
let cats: string;
let owls: string;

/** A folder of so many pictures. */
async function photos(name: string, count: number): Promise<string> {
	const folder = path.join(world.folder, name);
	fs.mkdirSync(folder);
	await Promise.all(Array.from({length: count}, async (_, index) => sharp({create: {width: 600, height: 600, channels: 3, background: 'red'}}).png().toFile(path.join(folder, `${index}.png`))));
	return folder;
}

beforeEach(async () => {
	world = new AppWorld();
	[cats, owls] = await Promise.all([photos('cats', 3), photos('owls', 4)]);
});
afterEach(async () => world.close());

/** Opens the field under the cursor, empties it, types and saves. */
async function fill(label: string, text: string): Promise<void> {
	await world.press(KEYS.enter, `Editing ${label}`);
	await world.press(`\u0015${text}${KEYS.enter}`, 'ubmit form');
}

const animal = () => firstAnswers({subject: 'animal'});
const withCats = () => reduceAnswers(animal(), {type: 'give', key: 'instanceImages', value: cats});

/** The list of cats and owls; the owls were added by hand. */
async function toList(): Promise<string> {
	world.open({room: {name: 'wizard', answers: withCats(), firstStep: 'images'}});
	await world.see('Press Enter to submit');
	await world.press('a', 'concept 2 of 2');
	await fill('Instance images', owls);
	await world.press(KEYS.down, /Instance prompt: .* edit/);
	await fill('Instance prompt', 'a photo of zwx owl');
	return world.press(KEYS.right, /❯ {2}2 a photo of zwx owl +4 images/);
}

describe('one more subject', () => {
	test('is asked what the first was asked, and counted by itself', async () => {
		expect(await toList()).toMatch(/^ {3}1 a photo of sks dog +3 images +WORLD\/cats$/m);
		expect(await world.see('✓ 4 images')).toContain('5 class images for each image, of: a photo of an owl');
		await expect(await world.press(KEYS.up, '✓ 3 images')).toMatchFileSnapshot('../screens/wizard-concepts.txt');
	});

	test('is edited by itself', async () => {
		await toList();
		const seen = await world.press('1', 'concept 1 of 2');
		expect(seen).toContain('Class images per instance image: 5 images');
		await world.press(KEYS.up + KEYS.up, /Class images per instance image: .* edit/);
		await fill('Class images per instance image', '2');
		await world.press(KEYS.escape, '2 class images for each image, of: a photo of a dog');
		await world.press(KEYS.down, '5 class images for each image');
	});

	test('without images keeps one from going on, and says which it is', async () => {
		world.open({room: {name: 'wizard', answers: withCats(), firstStep: 'images'}});
		await world.see('Press Enter to submit');
		await world.press('a', 'concept 2 of 2');
		expect(await world.press(KEYS.escape, 'no images yet')).toContain('❯  2 a photo of zwx dog');
		await world.press(KEYS.right, '✗ Concept 2 has no folder of instance images.');
	});

	test('is removed after a question, and the form of the one that is left is there again', async () => {
		await toList();
		await world.press('x', 'Remove concept 2, "a photo of zwx owl"?');
		await world.press('n', 'Enter edit');
		await world.press('x', 'Remove concept 2');
		const seen = await world.press('y', 'Submit form');
		expect(seen).toContain('WORLD/cats');
		expect(seen).not.toContain('Class images');
	});

	test('is in the schedule, the samples, the review and the run', async () => {
		const answers = [
			{type: 'give', key: 'name', value: 'cats and owls'}, {type: 'give', key: 'baseModel', value: asset('demo', 'base')}, {type: 'add concept', word: 'zwx'}, {type: 'give', key: 'instanceImages', value: owls, concept: 1},
		] as const;
		world.open({room: {name: 'wizard', answers: answers.reduce(reduceAnswers, withCats()), firstStep: 'schedule'}});
		await world.see('7 images (3 + 4), 100 epochs: 700 steps');
		expect(await world.press(KEYS.right, 'Sample prompts: a photo of sks dog | a photo of zwx …')).not.toContain('Class prompt');
		const review = await world.press(KEYS.right, 'Take all this and go on');
		expect(review).toMatch(/1: Instance images +WORLD\/cats/);
		expect(review).toMatch(/2: Instance images +WORLD\/owls/);
		await world.press(KEYS.right, 'Press Enter to submit');
		world.keyboard.type(KEYS.enter);
		await world.ended();
		expect(world.started[0]!.concepts).toMatchObject([{instanceImages: cats, instancePrompt: 'a photo of sks dog'}, {instanceImages: owls, instancePrompt: 'a photo of zwx dog'}]);
		expect(world.store.recent('imageFolders')).toEqual([cats, owls]);
	});

	test('of a preset is changed in the review without touching the others', async () => {
		const [robot] = demoConfig().concepts;
		const config = {...demoConfig(), concepts: [{...robot!, instanceImages: cats}, {...robot!, instanceImages: owls, instancePrompt: 'a photo of zwx cup'}]};
		world.open({room: {name: 'wizard', answers: firstAnswers({preset: {name: 'two', config}}), firstStep: 'review'}});
		await world.see('Take all this and go on');
		await world.press('/', 'search:');
		await world.press('instancePrompt', /❯ 1: Instance prompt/);
		await world.press(KEYS.enter + KEYS.down, /❯ 2: Instance prompt/);
		await world.press(KEYS.enter, '2: Instance prompt');
		await world.press(`\u0015a photo of zwx mug${KEYS.enter}`, /❯ 2: Instance prompt +a photo of zwx mug +your choice/);
		await world.see(/1: Instance prompt +a photo of sks robot$/m);
	});
});

describe('the list of concepts', () => {
	const many = (count: number): readonly Concept[] => Array.from({length: count}, (_, index) => ({...defaultConcept(), instancePrompt: `a photo of sks${index + 1} with a long description`, instanceImages: `/photos/of/number/${index + 1}`}));

	test.each([[80, 24], [60, 16]])('shows the one under the cursor among twelve at %ix%i, no row too long', (columns, rows) => {
		const answers = animal();
		const outcome = {...outcomeOf(answers, machine), config: {...outcomeOf(answers, machine).config, concepts: many(12)}};
		const {lastFrame, unmount} = render(
			<ConceptList
				step={{key: 'images', title: 'Your images'}} place="step 2 of 9" area={{columns, rows}} answers={answers} outcome={outcome} hardware={machine} notices={[]} checks={{}} recent={() => []}
				pictures={new PictureCache(new ImageRows(), capabilities({}, {terminal: false}))} cursor={9} moveTo={() => {}} open={() => {}} add={() => {}} remove={() => {}}
				dispatch={() => {}} next={() => {}} back={() => {}} explain={() => {}} interrupt={() => {}}
			/>,
		);
		const seen = lastFrame()!.split('\n');
		expect(seen.length).toBeLessThanOrEqual(rows);
		expect(Math.max(...seen.map(({length}) => length))).toBeLessThanOrEqual(columns);
		expect(seen.filter(line => line.startsWith('> 10 a photo of sks10'))).toHaveLength(1);
		expect(seen.at(-1)).toContain('? help');
		unmount();
	});

	test('acts on its keys', async () => {
		const answers = [{type: 'add concept', word: 'zwx'}, {type: 'add concept', word: 'ohwx'}] as const;
		const did: string[] = [];
		const all = answers.reduce(reduceAnswers, animal());
		const {stdin, lastFrame, unmount} = render(
			<ConceptList
				step={{key: 'images', title: 'Your images'}} place="" area={{columns: 80, rows: 24}} answers={all} outcome={outcomeOf(all, machine)} hardware={machine} notices={[]} checks={{}} recent={() => []}
				pictures={new PictureCache(new ImageRows(), capabilities({}, {terminal: false}))} cursor={1} moveTo={to => did.push(`to ${to}`)} open={which => did.push(`open ${which}`)} add={() => did.push('add')} remove={() => did.push('remove')}
				dispatch={() => {}} next={() => did.push('next')} back={() => did.push('back')} explain={() => did.push('explain')} interrupt={() => {}}
			/>,
		);
		await vi.waitFor(() => expect(lastFrame()).toContain('a photo of ohwx dog'));
		for (const key of [KEYS.down, KEYS.up, KEYS.enter, '3', '9', 'a', '?', KEYS.right, KEYS.left]) {
			stdin.write(key);
		}

		stdin.write('x');
		await vi.waitFor(() => expect(lastFrame()).toContain('Remove concept 2, "a photo of zwx dog"?'));
		stdin.write('a');
		stdin.write('y');
		await vi.waitFor(() => expect(did.at(-1)).toBe('remove'));
		expect(did).toEqual(['to 2', 'to 0', 'open 1', 'open 2', 'add', 'explain', 'next', 'back', 'remove']);
		unmount();
	});
});

describe('the graphics card', () => {
	const gibibyte = 2 ** 30;
	const card = (index: number, free: number, changes: Partial<Gpu> = {}): Gpu => ({index, name: 'RTX A5000', totalBytes: 24 * gibibyte, usedBytes: (24 - free) * gibibyte, freeBytes: free * gibibyte, driver: '550', computeCapability: 8.6, processes: [], ...changes});
	const withCards = (...gpus: readonly Gpu[]): Hardware => ({...machine, gpu: {state: 'present', gpus}});
	const answers = () => ([{type: 'give', key: 'device', value: 'gpu'}, {type: 'give', key: 'baseModel', value: asset('demo', 'base')}] as const).reduce(reduceAnswers, animal());

	test('is asked for with memory and users, and the plan is for the one that is taken', async () => {
		const busy = card(1, 10, {processes: [{pid: 4242, name: '/usr/bin/python3', usedBytes: 14 * gibibyte}]});
		world.open({hardware: withCards(card(0, 23), busy, card(2, 180, {name: 'NVIDIA B200', computeCapability: 10})), room: {name: 'wizard', answers: answers(), firstStep: 'card'}});
		const seen = await world.see('❯ 1 The one with the most free memory');
		expect(seen).toContain('That is GPU 0 now');
		expect(seen).toContain('2 GPU 0: RTX A5000, 23.0 GiB of 24.0 GiB free\n');
		expect(seen).toContain('3 GPU 1: RTX A5000, 10.0 GiB of 24.0 GiB free, in use');
		expect(seen).toMatch(/! The NVIDIA B200 has compute capability 10\.0, which is newer than TensorFlow/);
		await expect(await world.press(KEYS.down + KEYS.down, 'In use by python3 (process 4242, 14.0 GiB)')).toMatchFileSnapshot('../screens/wizard-card.txt');
		await world.press(KEYS.enter, 'step 5 of 10');
		const memory = await world.press(KEYS.enter, 'of RTX A5000, 10.0 GiB free: fits');
		expect(memory).toMatch(/There are 3\s+GPUs; this is GPU 1, as asked for\. In use by python3 \(process 4242, 14\.0 GiB\)/);
	});

	test('is not asked for where there is one', async () => {
		world.open({hardware: withCards(card(0, 23)), room: {name: 'wizard', answers: answers(), firstStep: 'model'}});
		await world.see('step 3 of 9');
		await world.press(KEYS.right, '1 Quality');
	});

	test('that is not there stands in the way of the start', async () => {
		const gone = reduceAnswers(answers(), {type: 'give', key: 'gpu', value: '7'});
		const all = ([{type: 'give', key: 'instanceImages', value: cats}, {type: 'take back', key: 'device'}] as const).reduce(reduceAnswers, gone);
		world.open({hardware: withCards(card(0, 23)), room: {name: 'wizard', answers: all, firstStep: 'start'}});
		await world.see('Press Enter to submit');
		await world.press(KEYS.enter, /✗ gpu is 7, but it cannot be used\. There is no GPU 7; there is GPU 0 \(RTX\s+A5000\)\. Set gpu to auto/);
		expect(world.started).toEqual([]);
	});
});
