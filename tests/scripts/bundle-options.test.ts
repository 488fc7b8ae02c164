import {expect, test} from 'vitest';
import {beginsAsEmoji} from '../../scripts/bundle-options.mjs';

test('every single character is an emoji for the bundle exactly when it is one', () => {
	const isEmoji = new RegExp(String.raw`^\p{RGI_Emoji}$`, 'v');
	const wrong: string[] = [];
	for (let code = 0; code <= 0x10_FF_FF; code++) {
		const character = code >= 0xD8_00 && code <= 0xDF_FF ? '' : String.fromCodePoint(code);
		if (isEmoji.test(character) !== beginsAsEmoji.test(character)) {
			wrong.push(code.toString(16));
		}
	}

	expect(wrong).toEqual([]);
});

test.each([
	['a profession', '\u{1F469}\u200D\u{1F4BB}', true], ['a flag', '\u{1F1E9}\u{1F1EA}', true], ['half a flag', '\u{1F1E9}', false], ['a skin', '\u261D\u{1F3FD}', true],
	['a key', '1\uFE0F\u20E3', true], ['a digit', '1\uFE0F', false], ['a heart', '\u2764\uFE0F', true], ['a letter', 'e\u0301', false], ['a Chinese character', '\u72AC', false],
])('%s', (_, cluster, expected) => {
	expect(beginsAsEmoji.test(cluster)).toBe(expected);
});
