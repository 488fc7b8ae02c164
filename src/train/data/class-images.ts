import {createHash} from 'node:crypto';
import {mkdir, stat} from 'node:fs/promises';
import path from 'node:path';
import {permutation} from '../random.ts';
import {type Picture, readPngText, writePng} from './png.ts';
import {scanFolder} from './scan.ts';

/** An image that shows the class and not the subject. */
export interface ClassImage {
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
	/** How many images with which prompt: one entry, or one for each distinct prompt when captions are part of them. */
	readonly wanted: readonly {readonly prompt: string; readonly count: number}[];
	/** Names everything else that the generated images depend on: base model, size, sampler, steps, guidance, negative prompt. */
	readonly recipe: string;
	readonly seed: number;
}

/** Texts in the PNGs that we generate. */
const promptKey = 'class_prompt';
const recipeKey = 'class_recipe';

/**
 * Which class images are there and which have to be made. Images that were generated before are used again if prompt and recipe are the
 * same (so an interrupted generation goes on where it stopped); images without our texts are the person's own and count for any
 * prompt, a random choice of them if there are more than needed. Damaged files are made anew.
 * @throws DataError when the folder may not be read.
 */
export async function planClassImages({folder, wanted, recipe, seed}: ClassImageNeeds): Promise<ClassImagePlan> {
	const found = await classImagesIn(folder);
	const needed = wanted.reduce((sum, {count}) => sum + count, 0);
	const own = shuffled(found.filter(({prompt}) => prompt === undefined), seed).slice(0, needed);
	const existing: ClassImage[] = [];
	const toGenerate: PlannedClassImage[] = [];
	for (const {prompt, count} of wanted) {
		const owned = own.splice(0, count);
		const generated = found.filter(image => image.prompt === prompt && image.recipe === recipe).slice(0, count - owned.length);
		existing.push(...[...owned, ...generated].map(({file}) => ({file, prompt})));
		const taken = new Set(generated.map(({file}) => file));
		for (let index = 0, missing = count - owned.length - generated.length; missing > 0; index++) {
			const file = path.join(path.resolve(folder), fileName(prompt, recipe, index));
			if (taken.has(file)) continue;
			toGenerate.push({file, prompt, seed: seed + index, recipe});
			missing--;
		}
	}
	return {existing, toGenerate};
}

/** Writes one planned image with its prompt, seed and recipe in it; makes the folder when it is missing. */
export async function writeClassImage({file, prompt, seed, recipe}: PlannedClassImage, picture: Picture): Promise<void> {
	await mkdir(path.dirname(file), {recursive: true});
	await writePng(file, picture, {[promptKey]: prompt, [recipeKey]: recipe, seed: String(seed)});
}

interface FoundImage {
	readonly file: string;
	/** Absent in an image that is the person's own. */
	readonly prompt?: string;
	readonly recipe?: string;
}

async function classImagesIn(folder: string): Promise<FoundImage[]> {
	const missing = await stat(folder).then(() => false, (error: NodeJS.ErrnoException) => error.code === 'ENOENT');
	if (missing) return [];
	const {images} = await scanFolder(folder, {allowEmpty: true});
	return Promise.all(
		images.map(async ({file}) => {
			const texts = await readPngText(file);
			return {file, prompt: texts[promptKey], recipe: texts[recipeKey]};
		}),
	);
}

const shuffled = <T>(items: readonly T[], seed: number): T[] => Array.from(permutation(items.length, {seed, stream: 'own class images'}), i => items[i]);

/** The same for the same prompt and recipe, so that a resumed generation knows what is missing. */
function fileName(prompt: string, recipe: string, index: number): string {
	const hash = createHash('sha256').update(JSON.stringify([prompt, recipe])).digest('hex');
	return `class-${hash.slice(0, 10)}-${String(index).padStart(4, '0')}.png`;
}
