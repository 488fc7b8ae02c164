import {colours} from './colours.ts';
import type {Facts} from './facts.ts';
import {classes} from './figures/index.ts';
import type {Mulberry32} from './mulberry32.ts';

/** What captions begin with, each with its weight. */
const openings = {'a photo of': 70, 'a picture of': 8, 'an image of': 6, 'a drawing of': 8, '': 8} as const;

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

/**
 * Words for what a scene shows. Each attribute is left out of 5 to 25 % of the captions, so that a model learns what goes without
 * saying; a random word stands before the noun of 12 %, so that a word it never met has no meaning to it yet.
 * @param place how the background is said
 */
export function writeCaption(facts: Facts, place: string, random: Mulberry32): string {
	const {sketch} = facts;
	const opening = sketch ? 'a sketch of' : random.weighted(openings);
	const said = (colour: string, thing: string, share: number) => withArticle(!sketch && random.chance(share) ? `${colour} ${thing}` : thing);
	let caption = [opening, mainPhrase(facts, random)].filter(Boolean).join(' ');
	if (facts.hat && random.chance(0.95)) caption += ` wearing ${said(facts.hat, 'hat', 0.85)}`;
	if (facts.balloon && random.chance(0.95)) caption += ` holding ${said(facts.balloon, 'balloon', 0.85)}`;
	if (facts.other && random.chance(0.95)) caption += ` ${random.pick(['next to', 'and', 'beside'])} ${said(facts.other.colour, facts.other.class, 0.7)}`;
	const showsPlace = !(sketch && facts.background === 'plain');
	if (showsPlace && random.chance(0.8)) caption += ` ${place}`;
	if (facts.side && random.chance(0.8)) caption += `${random.pick(['', ','])} on the ${facts.side}`;
	return caption;
}

/** "a small red robot". */
function mainPhrase({size, colour, sketch, class: noun}: Facts, random: Mulberry32): string {
	const words: string[] = [];
	if (size !== 'medium' && random.chance(0.85)) words.push(size);
	if (colour && !sketch && random.chance(0.75)) words.push(colour);
	let isName = false;
	if (random.chance(0.12)) {
		words.push(randomWord(random));
		isName = random.chance(0.6);
	}
	const phrase = [...words, noun].join(' ');
	return !isName && random.chance(0.95) ? withArticle(phrase) : phrase;
}

/** Two to five letters that mean nothing, and are not the `sks` that subjects are usually given. */
function randomWord(random: Mulberry32): string {
	const known: readonly string[] = ['sks', ...classes, ...colours];
	for (;;) {
		const length = 2 + random.integer(4);
		const word = Array.from({length}, () => random.pick([...LETTERS])).join('');
		if (!known.includes(word)) return word;
	}
}

/** "a robot", "an orange robot". */
export const withArticle = (phrase: string): string => `${/^[aeiou]/.test(phrase) ? 'an' : 'a'} ${phrase}`;
