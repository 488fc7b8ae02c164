/**
 * Every number a person sees is written here, so that the same quantity looks the same everywhere and keeps its width:
 * a row whose numbers change does not move.
 */

const MISSING = '-';

/** The largest unit first; binary, because memory is sold and reported so. */
const BYTE_UNITS = [['TiB', 2 ** 40], ['GiB', 2 ** 30], ['MiB', 2 ** 20], ['KiB', 2 ** 10]] as const;

/** `11.2 GiB`, `640 MiB`, `12 B`: at most three significant digits, at most 8 characters. */
export function formatBytes(bytes: number | undefined): string {
	if (bytes === undefined || !Number.isFinite(bytes)) {
		return MISSING;
	}

	const unit = BYTE_UNITS.find(([, size]) => Math.abs(bytes) >= size * 0.9995);
	return unit ? `${threeDigits(bytes / unit[1])} ${unit[0]}` : `${Math.round(bytes)} B`;
}

/** Both in the unit of the second: `11.2/16.0 GiB`. */
export function formatBytesOf(used: number, total: number): string {
	const [unit, size] = BYTE_UNITS.find(([, size]) => total >= size) ?? ['B', 1] as const;
	return `${threeDigits(used / size)}/${threeDigits(total / size)} ${unit}`;
}

/** `HH:MM:SS`, with days in front when there are any: `2d 03:04:05`. 8 characters below a day. */
export function formatDuration(seconds: number | undefined): string {
	if (seconds === undefined || !Number.isFinite(seconds) || seconds < 0) {
		return '--:--:--';
	}

	const whole = Math.round(seconds);
	const clock = [Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60, whole % 60].map(part => String(part).padStart(2, '0')).join(':');
	const days = Math.floor(whole / 86_400);
	return days > 0 ? `${days}d ${clock}` : clock;
}

/** For sentences, not columns: `45 s`, `3 min`, `2 h 05 min`, `3 d 4 h`. */
export function formatSpan(seconds: number): string {
	if (seconds < 90) {
		return `${Math.max(0, Math.round(seconds))} s`;
	}

	const minutes = Math.round(seconds / 60);
	if (minutes < 90) {
		return `${minutes} min`;
	}

	const hours = Math.floor(minutes / 60);
	return hours < 48 ? `${hours} h ${String(minutes % 60).padStart(2, '0')} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Speed of training: `12.3 it/s`, and `4.56 s/it` when a step takes longer than a second, 9 characters. */
export function formatSpeed(stepsPerSecond: number | undefined): string {
	if (stepsPerSecond === undefined || !(stepsPerSecond > 0) || !Number.isFinite(stepsPerSecond)) {
		return `${MISSING} it/s`.padStart(9);
	}

	return (stepsPerSecond >= 1 ? `${threeDigits(stepsPerSecond)} it/s` : `${threeDigits(1 / stepsPerSecond)} s/it`).padStart(9);
}

/** ` 51%`: 4 characters, and 100 % only when all is done. */
export function formatPercent(done: number, total: number): string {
	const percent = total > 0 ? Math.min(100, Math.floor((done / total) * 100)) : 0;
	return `${String(percent).padStart(3)}%`;
}

/** `412/800`, the first padded to the width of the second. */
export function formatCount(done: number, total: number): string {
	return `${String(done).padStart(String(total).length)}/${total}`;
}

/** A loss or another positive measure in 6 characters: `0.1143`, `12.346`, `1.2e-5`; `NaN` for what is not a number. */
export function formatLoss(value: number | null | undefined): string {
	if (value === undefined) {
		return MISSING.padStart(6);
	}

	if (value === null || Number.isNaN(value)) {
		return '   NaN';
	}

	if (!Number.isFinite(value)) {
		return value > 0 ? '  +Inf' : '  -Inf';
	}

	const size = Math.abs(value);
	if (size !== 0 && (size < 0.001 || size >= 100_000)) {
		return value.toExponential(1).padStart(6);
	}

	return value.toFixed(size < 10 ? 4 : Math.max(0, 5 - Math.floor(Math.log10(size)) - 1)).slice(0, value < 0 ? 7 : 6).padStart(6);
}

/** A learning rate as people write it: `5e-6`, `1.25e-4`, `0`. */
export function formatRate(value: number | undefined): string {
	if (value === undefined) {
		return MISSING;
	}

	return value === 0 ? '0' : Number(value.toPrecision(3)).toExponential().replace('e+', 'e');
}

/** An axis label with three significant digits: `0.75`, `1.5e-3`, `120`. */
export function formatTick(value: number): string {
	const size = Math.abs(value);
	if (size !== 0 && (size < 0.01 || size >= 10_000)) {
		return formatRate(value);
	}

	return String(Number(value.toPrecision(3)));
}

/** Time of day in the person's own zone: `14:03:59`. */
export function formatClock(timeMs: number): string {
	const date = new Date(timeMs);
	return [date.getHours(), date.getMinutes(), date.getSeconds()].map(part => String(part).padStart(2, '0')).join(':');
}

/** A path in at most `width` columns: whole when it fits, else with `~` for the home folder, else its end, `…/samples/step-000400-0.png`. */
export function fitPath(file: string, width: number, {home, ellipsis}: {home: string; ellipsis: string}): string {
	const short = home !== '' && file.startsWith(`${home}/`) ? `~${file.slice(home.length)}` : file;
	return file.length <= width ? file : short.length <= width ? short : ellipsis + short.slice(short.length - Math.max(0, width - ellipsis.length));
}

function threeDigits(value: number): string {
	const size = Math.abs(value);
	return value.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2);
}
