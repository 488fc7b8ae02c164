import {describe, expect, test} from 'vitest';
import {fitPath, formatBytes, formatBytesOf, formatCount, formatDuration, formatLoss, formatPercent, formatRate, formatSpan, formatSpeed, formatTick} from '../../src/tui/units.ts';

const GiB = 2 ** 30;

describe('formats', () => {
	test.each([
		[formatBytes(0), '0 B'], [formatBytes(1023), '1023 B'], [formatBytes(1023.9), '1.00 KiB'], [formatBytes(36 * 2 ** 20), '36.0 MiB'], [formatBytes(11.25 * GiB), '11.3 GiB'], [formatBytes(undefined), '-'],
		[formatBytesOf(11.2 * GiB, 16 * GiB), '11.2/16.0 GiB'],
		[formatDuration(0), '00:00:00'], [formatDuration(121), '00:02:01'], [formatDuration(86_399.7), '1d 00:00:00'], [formatDuration(undefined), '--:--:--'], [formatDuration(Infinity), '--:--:--'],
		[formatSpan(45), '45 s'], [formatSpan(180), '3 min'], [formatSpan(7500), '2 h 05 min'], [formatSpan(100 * 3600), '4 d 4 h'],
		[formatSpeed(12.34), '12.3 it/s'], [formatSpeed(0.25), '4.00 s/it'], [formatSpeed(1), '1.00 it/s'], [formatSpeed(undefined), '   - it/s'],
		[formatPercent(412, 800), ' 51%'], [formatPercent(7999, 8000), ' 99%'], [formatPercent(8, 8), '100%'], [formatPercent(0, 0), '  0%'],
		[formatCount(7, 800), '  7/800'],
		[formatLoss(0.114_31), '0.1143'], [formatLoss(12.345_6), '12.346'], [formatLoss(1234.5), '1234.5'], [formatLoss(0.000_012), '1.2e-5'], [formatLoss(null), '   NaN'], [formatLoss(Infinity), '  +Inf'], [formatLoss(undefined), '     -'],
		[formatRate(5e-6), '5e-6'], [formatRate(0.000_125), '1.25e-4'], [formatRate(0), '0'],
		[formatTick(0.75), '0.75'], [formatTick(0.0015), '1.5e-3'], [formatTick(120), '120'], [formatTick(0.1 + 0.2), '0.3'],
	])('%s', (formatted, expected) => {
		expect(formatted).toBe(expected);
	});

	test('a speed and a loss keep their width whatever their size', () => {
		for (const speed of [0.001, 0.01, 0.9, 0.9999, 1, 9.999, 99.99, 100, 999]) {
			expect(formatSpeed(speed)).toHaveLength(9);
		}

		for (const loss of [1e-9, 0.000_99, 0.001, 0.999_99, 9.999_99, 10, 99.9999, 12_345, 99_999.9, 1e6]) {
			expect(formatLoss(loss)).toHaveLength(6);
		}
	});
});

test.each([
	['/home/ada/runs/a.png', 30, '/home/ada/runs/a.png'],
	['/home/ada/runs/a.png', 15, '~/runs/a.png'],
	['/home/ada/runs/a.png', 10, '…uns/a.png'],
	['/home/adam/b.png', 10, '…dam/b.png'],
])('the path %s in %i columns is %s', (file, width, expected) => {
	expect(fitPath(file, width, {home: '/home/ada', ellipsis: '…'})).toBe(expected);
});
