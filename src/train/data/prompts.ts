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

/** The rare word of the subject and the noun of its class; empty where there is none. */
export interface Tokens {
	readonly instanceToken?: string;
	readonly classToken?: string;
}

/** The prompts of one image of a concept: captions put in where `[filewords]` stands, then the tokens. */
export async function imagePrompts({instancePrompt, classPrompt, ...tokens}: ConceptPrompts & Tokens, imageFile: string): Promise<ConceptPrompts> {
	const caption = [instancePrompt, classPrompt].some(prompt => prompt?.includes(placeholder)) ? await captionOf(imageFile) : '';
	return {
		instancePrompt: instancePromptOf(instancePrompt, caption, tokens),
		classPrompt: classPrompt === undefined ? undefined : classPromptOf(classPrompt, caption, tokens),
	};
}

/**
 * The instance prompt of a caption, by the extension's table. With both tokens: where only the class stands in it, the subject
 * takes its place, article and all; where neither stands, the subject goes before it. With the instance token alone it always does.
 */
export function instancePromptOf(prompt: string, caption: string, {instanceToken = '', classToken = ''}: Tokens): string {
	const text = withCaption(prompt, caption);
	if (instanceToken === '') return text;
	if (classToken === '') return tidy(`${instanceToken}, ${text}`);
	if (has(text, instanceToken)) return tidy(text);
	if (!has(text, classToken)) return tidy(`${instanceToken}, ${text}`);
	const withoutArticle = text.replaceAll(new RegExp(`(?<![\\p{L}\\p{N}_])(?:an?|the)\\s+(?=${escaped(classToken)}(?![\\p{L}\\p{N}_]))`, 'giu'), '');
	return tidy(withoutArticle.replaceAll(wholeWord(classToken), () => instanceToken));
}

/** The class prompt of a caption: without the subject, and with the class where it would have none. */
export function classPromptOf(prompt: string, caption: string, {instanceToken = '', classToken = ''}: Tokens): string {
	const text = withCaption(prompt, caption);
	if (classToken === '') return text;
	if (instanceToken === '') return tidy(`${classToken}, ${text}`);
	const [subject, kind] = [has(text, instanceToken), has(text, classToken)];
	if (subject) return tidy(text.replaceAll(wholeWord(instanceToken), () => (kind ? '' : classToken)));
	return tidy(kind ? text : `${classToken}, ${text}`);
}

/** Tokens may hold any character, so a border is where a letter, digit or underscore does not go on. */
const wholeWord = (token: string): RegExp => new RegExp(`(?<![\\p{L}\\p{N}_])${escaped(token)}(?![\\p{L}\\p{N}_])`, 'giu');
const has = (text: string, token: string): boolean => wholeWord(token).test(text);
const escaped = (token: string): string => token.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
const tidy = (text: string): string => text.replaceAll('\\', '').replaceAll(/\s+/g, ' ').trim();

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

const withCaption = (prompt: string, caption: string): string => (prompt.includes(placeholder) ? prompt.replaceAll(placeholder, () => caption).replaceAll(/\s+/g, ' ').trim() : prompt);
