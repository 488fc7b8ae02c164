import {chooseGpu, formatBytes, gpuFault, gpuUse, type Gpu, type Hardware} from '../../presets/index.ts';
import type {MenuItem} from '../menu.tsx';

/** The graphics cards as a question: each with its memory, and who uses it. */
export function cardItems(cards: readonly Gpu[]): readonly MenuItem<string>[] {
	const roomiest = chooseGpu({state: 'present', gpus: cards})!;
	return [
		{key: 'auto', label: 'The one with the most free memory', help: `That is GPU ${roomiest.index} now; which it is is looked at anew when training starts.`},
		...cards.map(card => ({
			key: String(card.index),
			label: `GPU ${card.index}: ${card.name}, ${formatBytes(card.freeBytes)} of ${formatBytes(card.totalBytes)} free${gpuUse(card) === undefined ? '' : ', in use'}`,
			help: gpuUse(card) ?? 'Nobody else uses it.',
		})),
	];
}

/** What a value of the setting is called there: a UUID by the number of its card. */
export const chosenCard = (value: string, {gpu}: Hardware): string => (value === 'auto' ? value : String(chooseGpu(gpu, value)?.index ?? 'auto'));

/** Why some of the cards are not to be chosen. */
export const cardFaults = ({gpu}: Hardware): readonly string[] => (gpu.state === 'present' ? gpu.gpus.map(gpuFault).filter(fault => fault !== undefined) : []);
