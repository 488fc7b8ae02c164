import {readFile} from 'node:fs/promises';
import path from 'node:path';
import {DataError} from './data-error.ts';
import {fileFault} from './files-under.ts';

/** Stands for the caption of the image in a prompt. */
const placeholder = '[filewords]';

export interface ConceptPrompts {
	readonly instancePrompt: string;
	readonly classPrompt?: string;
}

/** The prompts of one image of a concept: captions put in where `[filewords]` stands. */
export async function imagePrompts({instancePrompt, classPrompt}: ConceptPrompts, imageFile: string): Promise<ConceptPrompts> {
	if (![instancePrompt, classPrompt].some(prompt => prompt?.includes(placeholder))) return {instancePrompt, classPrompt};
	const caption = await captionOf(imageFile);
	return {
		instancePrompt: withCaption(instancePrompt, caption),
		classPrompt: classPrompt === undefined ? undefined : withCaption(classPrompt, caption),
	};
}

/**
 * The text of `x.txt` beside `x.png`; without that file the image's name, less the digits and hyphens it begins with.
 * @throws DataError when the caption is there and cannot be read.
 */
export async function captionOf(imageFile: string): Promise<string> {
	const {dir, name} = path.parse(imageFile);
	const captionFile = path.join(dir, `${name}.txt`);
	try {
		return (await readFile(captionFile, 'utf8')).trim();
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return name.replace(/^[\d-]+/, '').trim();
		throw new DataError(`The caption ${captionFile} ${fileFault(error)}.`, {action: 'Make it readable (chmod u+r), or remove it.', cause: error});
	}
}

const withCaption = (prompt: string, caption: string): string => prompt.replaceAll(placeholder, () => caption).replaceAll(/\s+/g, ' ').trim();
