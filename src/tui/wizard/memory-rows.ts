import {
	formatDifference, memoryDeltas, planFor, settings, whyHidden,
	type MemoryDelta, type Reason, type Setting, type SettingKey, type SettingValue, type TrainingConfig,
} from '../../presets/index.ts';
import {optionBeside} from '../fields/index.ts';
import {valueOf, type Outcome} from './answers.ts';

/** What decides about memory, the three that the program is about first. */
const memoryKeys: readonly string[] = ['precision', 'attention', 'cacheLatents', 'optimizer', 'gradientCheckpointing', 'batchSize', 'ema', 'trainTextEncoder', 'training', 'resolution'];
const memorySettings = memoryKeys.flatMap(key => settings.filter(setting => setting.key === key));

/** Another value of an option and what it would do. */
export type Alternative = Pick<MemoryDelta, 'change' | 'bytes' | 'text'>;

export interface MemoryRow {
	readonly setting: Setting<SettingKey>;
	readonly value: SettingValue;
	/** What takes less or more, the first at hand first. */
	readonly alternatives: readonly Alternative[];
	readonly reason?: string;
}

/** The options of memory with their alternatives; without a model nothing is known of those. */
export function memoryRows({config, model, place, reasons}: Outcome): readonly MemoryRow[] {
	const deltas = model ? memoryDeltas(config, model, place) : [];
	return memorySettings.filter(setting => whyHidden(setting, {...config}) === undefined).map(setting => {
		const {key} = setting;
		const value = valueOf(config, key)!;
		const known = deltas.filter(delta => delta.key === key);
		const reason = reasonOf(key, value, reasons);
		return {setting, value, alternatives: known.length > 0 ? known : other(setting, value, {config, model, place}), ...(reason !== undefined && {reason})};
	});
}

const reasonOf = (key: SettingKey, value: SettingValue, reasons: readonly Reason[]): string | undefined => reasons.find(found => found.key === key && found.value === value)?.reason;

/** Where the plan has no advice to offer: the next value. */
function other(setting: Setting<SettingKey>, value: SettingValue, {config, model, place}: Pick<Outcome, 'config' | 'model' | 'place'>): readonly Alternative[] {
	const next = setting.type === 'int' && typeof value === 'number' ? Math.min(setting.max, value + setting.step) : optionBeside(setting, value, 1);
	if (next === undefined || next === value) {
		return [];
	}

	const change: Partial<TrainingConfig> = {[setting.key]: next};
	const bytes = model ? planFor({...config, ...change}, model, place).peakBytes - planFor(config, model, place).peakBytes : 0;
	return [{change, bytes, text: `${typeof next === 'boolean' ? (next ? 'yes' : 'no') : String(next)}${model ? `: ${formatDifference(bytes)}` : ''}`}];
}

/** The alternative that a key asks for: the one that takes more, the one that takes less, or the first. */
export const alternativeFor = ({alternatives}: MemoryRow, wanted: 'more' | 'less' | 'next'): Alternative | undefined =>
	wanted === 'next' ? alternatives[0] : alternatives.find(({bytes}) => (wanted === 'more' ? bytes >= 0 : bytes < 0));
