import type {TrainingConfig} from '../../presets/index.ts';
import {permutation, uniforms, type RandomKey} from '../random.ts';

export type PromptVariation = Pick<TrainingConfig, 'shuffleTags' | 'keepTags' | 'tagDropout' | 'captionDropout'>;

/**
 * The prompt as one step sees it: now and then nothing at all, else its tags (the parts between commas) without some of those after
 * the first `keepTags`, and these in random order. A prompt that loses or moves nothing stays as it is written. A pure function of
 * the key: seed, number of the image in the run, instance or class image.
 */
export function varyPrompt(prompt: string, {shuffleTags, keepTags, tagDropout, captionDropout}: PromptVariation, key: Omit<RandomKey, 'stream'>): string {
	const chance = (count: number, stream: string) => uniforms(count, {...key, stream});
	if (captionDropout > 0 && chance(1, 'caption dropout')[0] < captionDropout) return '';
	const tags = tagsOf(prompt);
	const loose = tags.slice(keepTags);
	const chances = tagDropout > 0 ? chance(loose.length, 'tag dropout') : undefined;
	const left = chances ? loose.filter((_, i) => chances[i] >= tagDropout) : loose;
	const ordered = shuffleTags ? Array.from(permutation(left.length, {...key, stream: 'tag order'}), place => left[place]) : left;
	return ordered.length === loose.length && ordered.every((tag, i) => tag === loose[i]) ? prompt : [...tags.slice(0, keepTags), ...ordered].join(', ');
}

/** Everything that a prompt can become; undefined when that is more than itself and nothing. */
export function variantsOf(prompt: string, {shuffleTags, keepTags, tagDropout, captionDropout}: PromptVariation): string[] | undefined {
	const loose = tagsOf(prompt).length - keepTags;
	if ((shuffleTags && loose > 1) || (tagDropout > 0 && loose > 0)) return undefined;
	return captionDropout > 0 ? [prompt, ''] : [prompt];
}

const tagsOf = (prompt: string): string[] => prompt.split(',').map(tag => tag.trim()).filter(tag => tag !== '');
