// How many pictures show what their prompt asks for, as the classifier reads them, beside real drawings of the world read by the same classifier.
//   npx tsx bench/world/accuracy.ts --model demo|FOLDER [--classifier FILE] [--pictures 512] [--guidance 5] [--sheet FILE.png]
// One line of JSON. Prompts are "a photo of a COLOUR CLASS" in front of every place and plain ground in turn.
import {parseArgs} from 'node:util';
import {asset, readModelFacts, resolveBaseModel} from '../../src/presets/index.ts';
import {writePng} from '../../src/train/data/index.ts';
import {AttributeProbe, contactSheet, type Attributes, type Picture} from '../../src/train/demo/index.ts';
import {startEngine} from '../../src/train/engine.ts';
import {uniformInt} from '../../src/train/random.ts';
import {samples} from '../../src/train/sampling.ts';
import {StableDiffusion} from '../../src/train/stable-diffusion.ts';
import {openModelFolder} from '../../src/train/weights/index.ts';
import {classes, colours, renderScenes, scene, type Facts} from '../../src/train/world/index.ts';

const {values: flags} = parseArgs({options: {
	model: {type: 'string', default: 'demo'},
	classifier: {type: 'string', default: asset('demo', 'probe.safetensors')},
	pictures: {type: 'string', default: '512'},
	guidance: {type: 'string', default: '5'},
	steps: {type: 'string', default: '25'},
	sheet: {type: 'string'},
	engine: {type: 'string', default: 'auto'},
}});

type Asked = Pick<Facts, 'class' | 'colour' | 'background' | 'ground'>;

/** The first words that the world's captions have for each. */
const places: Readonly<Record<Exclude<Facts['background'], 'plain'>, string>> = {
	snow: 'on snow', grass: 'on grass', beach: 'on the beach', night: 'at night', desert: 'in the desert', sea: 'underwater',
	city: 'in the city', check: 'on a checkered floor', space: 'in space', forest: 'in the forest', table: 'on a table',
};
const backgrounds = [...Object.keys(places), 'plain'] as readonly Facts['background'][];
const article = (words: string) => `${/^[aeiou]/.test(words) ? 'an' : 'a'} ${words}`;

/** What is asked for, drawn by lot; the thing has another colour than the ground. */
function asked(index: number): Asked & {readonly prompt: string} {
	const draw = (stream: string, bound: number) => uniformInt(bound, {seed: 5, stream, step: index});
	const noun = classes[draw('class', classes.length)];
	const colourAt = draw('colour', colours.length);
	const background = backgrounds[index % backgrounds.length];
	const ground = background === 'plain' ? colours[(colourAt + 1 + draw('ground', colours.length - 1)) % colours.length] : undefined;
	const where = background === 'plain' ? `on ${article(`${ground} background`)}` : places[background];
	return {class: noun, colour: colours[colourAt], background, ground, prompt: `a photo of ${article(`${colours[colourAt]} ${noun}`)} ${where}`};
}

const facts = {class: 'class', background: 'scene', ground: 'ground', colour: 'colour'} as const;

/** Of the pictures for which something is known, the share that is read so. */
function right(found: readonly Attributes[], known: readonly Asked[]): Record<string, number> {
	return Object.fromEntries(Object.entries(facts).map(([fact, read]) => {
		const pairs = known.flatMap((each, i) => (each[fact as keyof Asked] === undefined ? [] : [found[i][read] === each[fact as keyof Asked]]));
		return [fact, pairs.filter(Boolean).length / pairs.length];
	}));
}

const folder = await openModelFolder(resolveBaseModel(flags.model));
const {resolution: size} = readModelFacts(flags.model);
const {sideMode, lanes} = startEngine(folder, {engine: flags.engine as 'auto', pixels: size ** 2});
const probe = await AttributeProbe.load(flags.classifier, {mode: sideMode});
const read = (pictures: readonly Picture[]) => Array.from({length: Math.ceil(pictures.length / 64)}, (_, i) => probe.attributes(pictures.slice(64 * i, 64 * (i + 1)))).flat();

const count = Number(flags.pictures);
const scenes = Array.from({length: 2048}, (_, i) => scene(0, i, {heldOut: true}));
const drawn = (await renderScenes(scenes.map(({svg}) => svg), 64)).map(pixels => ({width: 64, height: 64, pixels}));
const readDrawn = read(drawn);
const alone = scenes.flatMap(({facts: {other}}, i) => (other ? [] : [i]));

const model = await StableDiffusion.open(folder, {mode: sideMode, lanes, clipSkip: 1});
const prompts = Array.from({length: count}, (_, i) => asked(i));
const made: Picture[] = [];
const begun = performance.now();
for await (const {pixels} of samples(model, prompts.map(({prompt}, i) => ({prompt, negativePrompt: '', seed: 1000 + i})), {sampler: 'ddim', steps: Number(flags.steps), guidance: Number(flags.guidance), width: size, height: size, atOnce: 32})) made.push({width: size, height: size, pixels});
if (flags.sheet) {
	const sheet = contactSheet(made.slice(0, 96), {columns: 12});
	await writePng(flags.sheet, sheet, {description: prompts.slice(0, 96).map(({prompt}) => prompt).join('; ')});
}
console.log(JSON.stringify({
	model: flags.model, classifier: flags.classifier, guidance: Number(flags.guidance), steps: Number(flags.steps), pictures: count, seconds: (performance.now() - begun) / 1000,
	samples: right(read(made), prompts), drawings: right(readDrawn, scenes.map(each => each.facts)), drawingsWithOneFigure: right(alone.map(i => readDrawn[i]), alone.map(i => scenes[i].facts)),
}));
process.exit(0);
