import {Text} from 'ink';
import type {RunView} from '../run/index.ts';
import {Row} from '../row.tsx';
import {useTheme} from '../theme.ts';
import {formatBytes, formatBytesOf} from '../units.ts';

/** Shares of the memory above which it deserves a look, and above which it is about to run out. */
const TIGHT = 0.85;
const FULL = 0.95;

/** One row: the memory of the device that trains (`memoryTotalBytes`: of this machine), its peak, and what else the device says. */
export function MemoryGauge({view, columns, memoryTotalBytes}: {view: RunView; columns: number; memoryTotalBytes: number}) {
	const theme = useTheme();
	const {memory} = view;
	if (!memory) {
		return <Row columns={columns}><Text {...theme.dim}>memory: not measured yet{deviceText(view)}</Text></Row>;
	}

	const device = memory.deviceUsedBytes !== undefined && memory.deviceTotalBytes !== undefined;
	const [name, used, total, peak] = device
		? ['VRAM', memory.deviceUsedBytes ?? 0, memory.deviceTotalBytes ?? 1, view.peakDeviceBytes] as const
		: ['memory', memory.residentBytes, memoryTotalBytes, view.peakResidentBytes] as const;
	const share = used / total;
	const word = share >= FULL ? ' full' : share >= TIGHT ? ' tight' : '';
	const numbers = ` ${formatBytesOf(used, total).padStart(13)}  peak ${formatBytes(peak)}${word}`;
	const state = [
		...(memory.utilization === undefined ? [] : [`${String(Math.round(memory.utilization)).padStart(3)}%`]),
		...(memory.temperatureC === undefined ? [] : [`${memory.temperatureC} C`]),
		...(memory.powerW === undefined ? [] : [`${Math.round(memory.powerW)} W`]),
	].join(' ');
	const right = state === '' ? deviceText(view) : `  GPU ${state}`;
	const fits = name.length + 1 + 8 + numbers.length + right.length <= columns ? right : '';
	const bar = Math.max(8, Math.min(40, columns - name.length - 1 - numbers.length - fits.length));
	const full = Math.min(bar, Math.round(share * bar));
	const look = share >= FULL ? theme.bad : share >= TIGHT ? theme.warn : theme.ok;
	return (
		<Row columns={columns}>
			{name} <Text {...look}>{theme.glyphs.barFull.repeat(full)}</Text><Text {...theme.dim}>{theme.glyphs.barEmpty.repeat(bar - full)}</Text>
			<Text {...look}>{numbers}</Text><Text {...theme.dim}>{fits}</Text>
		</Row>
	);
}

function deviceText({started}: RunView): string {
	return started ? `  ${started.deviceName}` : '';
}
