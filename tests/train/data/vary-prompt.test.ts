import {describe, expect, it} from 'vitest';
import {variantsOf, varyPrompt, type PromptVariation} from '../../../src/train/data/index.ts';

const off = {shuffleTags: false, keepTags: 1, tagDropout: 0, captionDropout: 0};
const tags = ['sks dog', 'grass', 'sun', 'red ball', 'from above'];
const prompt = tags.join(', ');
const times = 2000;
const drawn = (variation: Partial<PromptVariation>, of = prompt) => Array.from({length: times}, (_, step) => varyPrompt(of, {...off, ...variation}, {seed: 5, step, index: 0}));
/** Of a share p among so many draws. */
const threeDeviations = (p: number) => 3 * Math.sqrt((p * (1 - p)) / times);

describe('a prompt as a step sees it', () => {
	it('has its tags in any order, each as often in each place, behind the first N', () => {
		for (const keepTags of [0, 1, 2]) {
			const orders = drawn({shuffleTags: true, keepTags}).map(text => text.split(', '));
			for (const order of orders) {
				expect(order.slice(0, keepTags)).toEqual(tags.slice(0, keepTags));
				expect([...order].sort()).toEqual([...tags].sort());
			}
			const last = orders.filter(order => order[keepTags] === 'from above').length / times;
			expect(Math.abs(last - 1 / (tags.length - keepTags))).toBeLessThan(threeDeviations(1 / (tags.length - keepTags)));
		}
	});

	it('lacks each tag behind the first N with the probability of tagDropout, in its order', () => {
		const texts = drawn({tagDropout: 0.3}).map(text => text.split(', '));
		expect(texts.every(text => text[0] === 'sks dog' && text.every((tag, i) => i === 0 || tags.indexOf(tag) > tags.indexOf(text[i - 1])))).toBe(true);
		for (const tag of tags.slice(1)) expect(Math.abs(texts.filter(text => !text.includes(tag)).length / times - 0.3)).toBeLessThan(threeDeviations(0.3));
	});

	it('is empty with the probability of captionDropout, and as it was written otherwise', () => {
		const texts = drawn({captionDropout: 0.1}, 'a photo,of  sks dog,');
		expect(new Set(texts)).toEqual(new Set(['', 'a photo,of  sks dog,']));
		expect(Math.abs(texts.filter(text => text === '').length / times - 0.1)).toBeLessThan(threeDeviations(0.1));
	});

	it('is drawn anew for each image of the run, and the same for the same one', () => {
		const everything = {shuffleTags: true, tagDropout: 0.2, captionDropout: 0.1};
		expect(new Set(drawn(everything)).size).toBeGreaterThan(30);
		expect(drawn(everything)).toEqual(drawn(everything));
		const texts = (index: number) => Array.from({length: 20}, (_, step) => varyPrompt(prompt, {...off, ...everything}, {seed: 5, step, index}));
		expect(texts(1)).not.toEqual(texts(0));
	});
});

it('all that a prompt can become is known where that is little', () => {
	expect(variantsOf(prompt, off)).toEqual([prompt]);
	expect(variantsOf(prompt, {...off, captionDropout: 0.1})).toEqual([prompt, '']);
	expect(variantsOf('a photo of sks dog', {...off, shuffleTags: true, tagDropout: 0.5})).toEqual(['a photo of sks dog']);
	expect(variantsOf('sks dog, grass', {...off, shuffleTags: true})).toEqual(['sks dog, grass']);
	expect(variantsOf('sks dog, grass', {...off, tagDropout: 0.5})).toBeUndefined();
	expect(variantsOf(prompt, {...off, shuffleTags: true})).toBeUndefined();
});
