import fs from 'node:fs';
import {correctionKey, detectHardware, formatBytes, placementOf, planFor, readMeasured, readModelFacts, writeMeasured, type TrainingConfig} from '../presets/index.ts';
import {cacheFolder} from './runtime/index.ts';

/** Lets the peak of this process begin anew from what it takes now (Linux; elsewhere the peak of its whole life counts). */
export function forgetPeak(): void {
	try {
		fs.writeFileSync('/proc/self/clear_refs', '5');
	} catch {
		// Not allowed everywhere; the peak then includes what came before.
	}
}

/** The most memory that this process had at once, in bytes. */
export function peakBytes(): number {
	const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(fs.existsSync('/proc/self/status') ? fs.readFileSync('/proc/self/status', 'utf8') : '') ?? [];
	return kilobytes === undefined ? process.resourceUsage().maxRSS * 1024 : Number(kilobytes) * 1024;
}

/**
 * Compares the memory plan of a config with what its first steps took, and records that for the next plan of the same.
 * Returns what to say about it; undefined when the plan was corrected before and still holds.
 */
export async function recordPeak(config: TrainingConfig, bytes: number): Promise<string | undefined> {
	const model = readModelFacts(config.baseModel);
	const place = placementOf(await detectHardware(), config);
	const key = correctionKey(config, model, place);
	const before = readMeasured(cacheFolder(), key);
	writeMeasured(cacheFolder(), key, bytes);
	if (before !== undefined && Math.abs(bytes / before - 1) < 0.05) return undefined;
	const planned = before ?? planFor(config, model, place).peakBytes;
	return `The first steps took ${formatBytes(bytes)} of memory; the plan said ${formatBytes(planned)} for the whole run. The next plan of such a run starts from what was measured.`;
}
