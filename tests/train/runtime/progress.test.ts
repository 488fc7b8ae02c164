import {describe, expect, test} from 'vitest';
import {byteProgress, formatProgress, within, type Progress} from '../../../src/train/runtime/progress.ts';

describe('the remaining time', () => {
	/** Counts bytes at the given seconds and gives what was told. */
	const counted = (totalBytes: number, ...counts: [seconds: number, bytes: number][]) => {
		const told: Progress[] = [];
		let seconds = 0;
		const count = byteProgress('Downloading', totalBytes, progress => told.push(progress), () => seconds * 1000);
		for (const [at, bytes] of counts) {
			seconds = at;
			count(bytes);
		}
		return told;
	};

	test('is what is left at the speed so far', () => {
		expect(counted(1000, [0, 0], [2, 200]).at(-1)).toEqual({what: 'Downloading', doneBytes: 200, totalBytes: 1000, etaSeconds: 8});
	});

	test('follows a speed that has changed', () => {
		const slow = Array.from({length: 100}, (_, i): [number, number] => [i + 1, 10 * (i + 1)]);
		const fast = Array.from({length: 20}, (_, i): [number, number] => [101 + i, 1000 + 400 * (i + 1)]);
		expect(counted(17_000, [0, 0], ...slow, ...fast).at(-1)?.etaSeconds).toBeCloseTo(8000 / 400, 0);
	});

	test('is not told before there is a speed, nor at the end', () => {
		expect(counted(1000, [0, 0]).at(-1)).not.toHaveProperty('etaSeconds');
		expect(counted(1000, [0, 0], [0.2, 10]).at(-1)).not.toHaveProperty('etaSeconds');
		expect(counted(1000, [0, 0], [5, 0]).at(-1)).not.toHaveProperty('etaSeconds');
		expect(counted(1000, [0, 0], [5, 1000]).at(-1)).toEqual({what: 'Downloading', doneBytes: 1000, totalBytes: 1000});
	});

	test('is told at most ten times a second, but the end always', () => {
		expect(counted(1000, ...Array.from({length: 100}, (_, i): [number, number] => [i / 1000, i]), [0.1, 1000]).length).toBe(2);
	});
});

describe('as a line', () => {
	const progress = {what: 'Downloading TensorFlow 2.21.0', doneBytes: 120.4e6, totalBytes: 273.8e6, etaSeconds: 11.2};

	test('says what, bytes, percent and remaining time', () => {
		expect(formatProgress(progress)).toBe('Downloading TensorFlow 2.21.0  120/274 MB  43 %  0:12 left');
	});

	test.each([[0.1, '0:01'], [59.5, '1:00'], [725, '12:05'], [5405, '1:30:05']])('%d s left are %s', (etaSeconds, text) => {
		expect(formatProgress({...progress, etaSeconds})).toContain(` ${text} left`);
	});

	test('work without bytes is named only', () => {
		expect(formatProgress({what: 'Trying TensorFlow'})).toBe('Trying TensorFlow');
	});

	test('fits into any width and keeps what matters most', () => {
		for (let columns = 1; columns <= 80; columns++) expect(formatProgress(progress, columns).length).toBeLessThanOrEqual(columns);
		expect(formatProgress(progress, 50)).toBe('Downloading TensorFlow 2.21.0  43 %  0:12 left');
		expect(formatProgress(progress, 20)).toBe('Downloading Te  43 %');
	});
});

test('a part of something larger is told as that: its number, the bytes of all, and the time for all at its speed', () => {
	const told: Progress[] = [];
	within({part: 2, parts: 3, beforeBytes: 1000, totalBytes: 5000}, progress => told.push(progress))({what: 'Downloading cuDNN', doneBytes: 500, totalBytes: 1500, etaSeconds: 10});
	expect(told).toEqual([{what: 'Downloading cuDNN (2 of 3)', doneBytes: 1500, totalBytes: 5000, etaSeconds: 35}]);
});
