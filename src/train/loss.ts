import {signalToNoise, type NoiseSchedule} from './diffusion/index.ts';

/** How the errors of a batch's rows add up to its loss. */
export interface LossOptions {
	/** λ, what the class images' loss counts for. */
	readonly priorWeight: number;
	/** Off: one mean over all rows times the mean of their weights, as the extension's "calculate split loss" unticked. */
	readonly splitLoss: boolean;
	/** γ of min-SNR; 0: every timestep counts the same. */
	readonly minSnrGamma: number;
	readonly predictionType: 'epsilon' | 'v_prediction';
	readonly schedule: NoiseSchedule;
}

/** What of a row decides how its error counts; a row of kind `filling` has no image of its own and counts for nothing. */
export interface LossRow {
	readonly kind: 'instance' | 'class' | 'filling';
	readonly timestep: number;
}

/** What the error of each row counts for in L_instance + λ·L_class, where each loss is the mean over its own rows. Sums of weight·error over them. */
export function rowWeights(rows: readonly LossRow[], {priorWeight, splitLoss, minSnrGamma, predictionType, schedule}: LossOptions): Float32Array {
	const ofKind = (kind: LossRow['kind']) => rows.filter(row => row.kind === kind).length;
	const counts = {instance: ofKind('instance'), class: ofKind('class')};
	const real = counts.instance + counts.class;
	const meanWeight = (counts.instance + priorWeight * counts.class) / real;
	const snr = minSnrGamma > 0 ? signalToNoise(schedule) : undefined;
	return Float32Array.from(rows, ({kind, timestep}) => {
		if (kind === 'filling') return 0;
		const share = splitLoss ? (kind === 'class' ? priorWeight : 1) / counts[kind] : meanWeight / real;
		return share * (snr ? minSnrWeight(snr[timestep], minSnrGamma, predictionType) : 1);
	});
}

/**
 * min(SNR, γ) / SNR for a network that predicts noise, min(SNR, γ) / (SNR + 1) for velocity (Hang et al. 2023, "Efficient
 * diffusion training via min-SNR weighting strategy"): steps with little noise stop dominating.
 */
export function minSnrWeight(snr: number, gamma: number, predictionType: LossOptions['predictionType']): number {
	if (predictionType === 'v_prediction') return Math.min(snr, gamma) / (snr + 1);
	// At zero signal the quotient's limit.
	return snr <= gamma ? 1 : gamma / snr;
}

export interface PriorWeightSchedule {
	readonly priorLossWeight: number;
	/** Whether the weight falls. */
	readonly scalePriorLoss: boolean;
	/** Epochs until it has reached the minimum. */
	readonly priorLossTarget: number;
	readonly priorLossWeightMin: number;
}

/** λ in epoch `epoch` (0 is the first): in a straight line from the weight to the minimum. */
export function priorWeightAt(epoch: number, {priorLossWeight, scalePriorLoss, priorLossTarget, priorLossWeightMin}: PriorWeightSchedule): number {
	if (!scalePriorLoss) return priorLossWeight;
	const done = Math.min(1, epoch / priorLossTarget);
	return priorLossWeight * (1 - done) + priorLossWeightMin * done;
}
