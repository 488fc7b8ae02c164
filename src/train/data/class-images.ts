import {createHash} from 'node:crypto';
import {mkdir, stat} from 'node:fs/promises';
import path from 'node:path';
import {atOnce} from '../at-once.ts';
import {permutation} from '../random.ts';
import {bucketOf, sizeName, type Size} from './buckets.ts';
import {DataError} from './data-error.ts';
import {type Picture, readPngText, writePng} from './png.ts';
import {scanFolder} from './scan.ts';

/** An image that shows the class and not the subject, and the size it is brought to. */
export interface ClassImage extends Size {
	/** Absolute. */
	readonly file: string;
	readonly prompt: string;
}

export interface PlannedClassImage extends ClassImage {
	/** Of the noise it is generated from. */
	readonly seed: number;
	readonly recipe: string;
}

export interface ClassImagePlan {
	/** Images that are there and will be used. */
	readonly existing: readonly ClassImage[];
	/** Images that the base model has to make first; each is to be written with `writeClassImage`. */
	readonly toGenerate: readonly PlannedClassImage[];
}

export interface ClassImageNeeds {
	/** May be missing: then nothing is there. */
	readonly folder: string;
	/** How many images with which prompt in which size: an entry for each distinct pair of them. */
	readonly wanted: readonly (Size & {readonly prompt: string; readonly count: number})[];
	/** All sizes of the run: an image of the person's counts for the one that is nearest in its proportions. */
	readonly sizes: readonly Size[];
	/** Names everything else that the generated images of a size depend on: base model, sampler, steps, guidance, negative prompt. */
	recipe(size: Size): string;
	readonly seed: number;
}

/** Open at a time. */
const FILES_AT_ONCE = 64;

/** Texts in the PNGs that we generate. */
const promptKey = 'class_prompt';
const recipeKey = 'class_recipe';

/**
 * Which class images are there and which have to be made. Images that were generated before are used again if prompt, size and
 * recipe are the same (so an interrupted generation goes on where it stopped); images without our texts are the person's own and
 * count for any prompt of their size, a random choice of them if there are more than needed. Damaged files are made anew.
 * @throws DataError when the folder may not be read.
 */
export async function planClassImages({folder, wanted, sizes, recipe, seed}: ClassImageNeeds): Promise<ClassImagePlan> {
	const found = await classImagesIn(folder);
	const own = new Map(sizes.map(size => {
		const needed = wanted.filter(each => sizeName(each) === sizeName(size)).reduce((sum, {count}) => sum + count, 0);
		const ofSize = found.filter(image => image.prompt === undefined && bucketOf(image, sizes) === size);
		return [sizeName(size), shuffled(ofSize, seed).slice(0, needed)];
	}));
	const existing: ClassImage[] = [];
	const toGenerate: PlannedClassImage[] = [];
	for (const {prompt, count, width, height} of wanted) {
		const size = {width, height};
		const ownRecipe = recipe(size);
		const owned = own.get(sizeName(size))?.splice(0, count) ?? [];
		const generated = found.filter(image => image.prompt === prompt && image.recipe === ownRecipe).slice(0, count - owned.length);
		existing.push(...[...owned, ...generated].map(({file}) => ({file, prompt, ...size})));
		const taken = new Set(generated.map(({file}) => file));
		for (let index = 0, missing = count - owned.length - generated.length; missing > 0; index++) {
			const file = path.join(path.resolve(folder), fileName(prompt, ownRecipe, index));
			if (taken.has(file)) continue;
			toGenerate.push({file, prompt, seed: seed + index, recipe: ownRecipe, ...size});
			missing--;
		}
	}
	return {existing, toGenerate};
}

/**
 * Every image of a folder as a class image of the size nearest in its proportions: what is there is used, whatever its prompt and
 * size, and nothing is generated. `promptOf` makes the prompt of an image that does not say what it was generated from.
 * @throws DataError when the folder holds no image.
 */
export async function allClassImages(folder: string, sizes: readonly Size[], promptOf: (file: string) => Promise<string>): Promise<ClassImage[]> {
	const found = await classImagesIn(folder);
	if (found.length === 0) throw new DataError(`The folder of class images ${path.resolve(folder)} holds no image.`, {action: 'Put class images there, or set classMatching to match: then the base model makes them.'});
	return atOnce(found, FILES_AT_ONCE, async image => ({file: image.file, prompt: image.prompt ?? (await promptOf(image.file)), ...bucketOf(image, sizes)}));
}

/** Writes one planned image with its prompt, seed and recipe in it; makes the folder when it is missing. */
export async function writeClassImage({file, prompt, seed, recipe}: PlannedClassImage, picture: Picture): Promise<void> {
	await mkdir(path.dirname(file), {recursive: true});
	await writePng(file, picture, {[promptKey]: prompt, [recipeKey]: recipe, seed: String(seed)});
}

/** With the size that it has itself. */
interface FoundImage extends Size {
	readonly file: string;
	/** Absent in an image that is the person's own. */
	readonly prompt?: string;
	readonly recipe?: string;
}

async function classImagesIn(folder: string): Promise<FoundImage[]> {
	const missing = await stat(folder).then(() => false, (error: NodeJS.ErrnoException) => error.code === 'ENOENT');
	if (missing) return [];
	const {images} = await scanFolder(folder, {allowEmpty: true});
	return atOnce(images, FILES_AT_ONCE, async image => {
		const texts = await readPngText(image.file);
		return {...image, prompt: texts[promptKey], recipe: texts[recipeKey]};
	});
}

const shuffled = <T>(items: readonly T[], seed: number): T[] => Array.from(permutation(items.length, {seed, stream: 'own class images'}), i => items[i]);

/** The same for the same prompt and recipe, so that a resumed generation knows what is missing. */
function fileName(prompt: string, recipe: string, index: number): string {
	const hash = createHash('sha256').update(JSON.stringify([prompt, recipe])).digest('hex');
	return `class-${hash.slice(0, 10)}-${String(index).padStart(4, '0')}.png`;
}
