import type {MenuItem} from '../menu.tsx';
import {learningRateScale, type RunView} from '../run/index.ts';
import {formatRate} from '../units.ts';

/** Factors for the learning rates, by their key in the menu. */
export const rateFactors = {half: 0.5, fifth: 0.2, tenth: 0.1, double: 2} as const;
export type RateChange = keyof typeof rateFactors;

const labels: Readonly<Record<RateChange, string>> = {half: 'half', fifth: 'a fifth', tenth: 'a tenth', double: 'twice'};

/** The changes of the learning rates on offer, each with the rate of the last step and what it would have been. */
export function rateItems(view: RunView): readonly MenuItem<RateChange>[] {
	const rate = view.lastStep?.learningRate;
	const so = learningRateScale(view);
	const help = `From the next step on, for all that is trained; the schedule goes on below it.${so === 1 ? '' : ` Up to now the rates are multiplied by ${Number(so.toPrecision(3))}.`}`;
	return (Object.keys(rateFactors) as RateChange[]).map(key => ({
		key, help, label: `${labels[key]}${rate === undefined ? '' : `: ${formatRate(rate)} becomes ${formatRate(rate * rateFactors[key])}`}`,
	}));
}
