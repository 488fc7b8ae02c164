import type {ModelFacts} from '../base-model.ts';
import type {TrainingConfig} from '../config.ts';
import type {SettingKey} from '../settings/index.ts';
import {deltaText} from './deltas.ts';
import type {MemoryPlan} from './memory-model.ts';
import {isAllowed, memoryOptions, type Trade} from './options.ts';
import {planFor, type Placement} from './placement.ts';

/** One of the changes that make a config fit. */
export interface Change {
	readonly key: SettingKey;
	readonly change: Partial<TrainingConfig>;
	/** What it does to the peak, after the changes before it. */
	readonly bytes: number;
	/** "8-bit AdamW: -4.8 GiB, about the same speed". */
	readonly text: string;
	/** Whether the result gets worse by it; otherwise it only takes longer. */
	readonly costsQuality: boolean;
}

export interface Fit {
	/** The best config that fits; the one that needs least when none does. */
	readonly config: TrainingConfig;
	readonly plan: MemoryPlan;
	readonly fits: boolean;
	/** From the config that was asked for, in order. */
	readonly changes: readonly Change[];
}

interface Candidate {
	readonly trades: readonly Trade[];
	readonly quality: number;
	readonly speed: number;
}

/** Every combination of at most one saving of each option, the least loss of quality first, then the least loss of speed. */
const candidatesOf = (config: TrainingConfig, place: Placement): readonly Candidate[] => {
	let candidates: readonly Candidate[] = [{trades: [], quality: 0, speed: 0}];
	for (const option of memoryOptions) {
		const savings = option.savings(config, place);
		candidates = [
			...candidates,
			...savings.flatMap(saving => candidates.map(({trades, quality, speed}) => ({trades: [...trades, saving], quality: quality + saving.quality, speed: speed + saving.speed}))),
		];
	}

	return [...candidates].sort((a, b) => a.quality - b.quality || a.speed - b.speed);
};

const configOf = (config: TrainingConfig, {trades}: Candidate): TrainingConfig => trades.reduce((changed, {change}) => ({...changed, ...change}), config);

/**
 * The config that comes closest to what is asked and fits: first nothing of its quality is given up, only speed, the least of it
 * that does; then quality, the least of it. A place with more memory is never advised worse: the order is the same everywhere.
 */
export const fitConfig = (asked: TrainingConfig, model: ModelFacts, place: Placement): Fit => {
	let smallest: {candidate: Candidate; plan: MemoryPlan} | undefined;
	for (const candidate of candidatesOf(asked, place)) {
		const config = configOf(asked, candidate);
		if (!isAllowed(config, asked, place, model)) {
			continue;
		}

		const plan = planFor(config, model, place);
		if (plan.peakBytes <= place.usableBytes) {
			return {config, plan, fits: true, changes: changesOf(asked, candidate, model, place)};
		}

		if (!smallest || plan.peakBytes < smallest.plan.peakBytes) {
			smallest = {candidate, plan};
		}
	}

	const {candidate, plan} = smallest!;
	return {config: configOf(asked, candidate), plan, fits: false, changes: changesOf(asked, candidate, model, place)};
};

const changesOf = (asked: TrainingConfig, {trades}: Candidate, model: ModelFacts, place: Placement): readonly Change[] => {
	let config = asked;
	let before = planFor(config, model, place).peakBytes;
	return trades.map(trade => {
		config = {...config, ...trade.change};
		const after = planFor(config, model, place).peakBytes;
		const bytes = after - before;
		before = after;
		return {key: trade.key, change: trade.change, bytes, text: deltaText(trade, bytes), costsQuality: trade.quality > 0};
	});
};
