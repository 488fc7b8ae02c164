import type {ModelFacts} from '../base-model.ts';
import {formatDifference} from '../bytes.ts';
import type {TrainingConfig} from '../config.ts';
import type {SettingKey} from '../settings/index.ts';
import {isAllowed, memoryOptions, type Trade} from './options.ts';
import {planFor, type Placement} from './placement.ts';

/** What a change of one setting would do to the peak. */
export interface MemoryDelta {
	readonly key: SettingKey;
	readonly change: Partial<TrainingConfig>;
	/** Negative: it saves. */
	readonly bytes: number;
	/** "Gradient checkpointing: -1.2 GiB, steps take a fifth to a third longer." */
	readonly text: string;
}

/** Less is no difference that anybody needs to know. */
const noticeable = 2 ** 30 / 100;

export const deltaText = ({name, note}: Pick<Trade, 'name' | 'note'>, bytes: number): string =>
	`${name}: ${Math.abs(bytes) < noticeable ? 'no difference' : formatDifference(bytes)}, ${note}`;

/** For each option of memory what its other value, or its next smaller and larger ones, would change. */
export const memoryDeltas = (config: TrainingConfig, model: ModelFacts, place: Placement): readonly MemoryDelta[] => {
	const {peakBytes} = planFor(config, model, place);
	return memoryOptions.flatMap(option => {
		const [saving] = option.savings(config, place);
		return [saving, option.undo?.(config, place)].filter((trade): trade is Trade => trade !== undefined && isAllowed({...config, ...trade.change}, config, place, model)).map(trade => {
			const bytes = planFor({...config, ...trade.change}, model, place).peakBytes - peakBytes;
			return {key: trade.key, change: trade.change, bytes, text: deltaText(trade, bytes)};
		});
	});
};
