import {readModelFacts, type ModelFacts} from './base-model.ts';
import {formatBytes} from './bytes.ts';
import type {TrainingConfig} from './config.ts';
import {demoConfig} from './demo.ts';
import {halfOf, hasFusedAttention} from './gpu.ts';
import type {Hardware} from './hardware.ts';
import {fitConfig, type Change, type Fit} from './memory/fit.ts';
import type {MemoryPlan} from './memory/memory-model.ts';
import {placementOf, planFor, type Placement, type PlacementWishes} from './memory/placement.ts';
import {BaseModelError} from './model-error.ts';
import {reasonsFor, type Reason} from './reasons.ts';
import {subjectConfig, type Subject} from './shipped.ts';

export interface Wishes extends PlacementWishes {
	readonly baseModel: string;
	readonly subject?: Subject;
	/** What a person insists on as far as memory allows; the rest is advised. */
	readonly values?: Partial<TrainingConfig>;
	/** Of a model that is not at hand. */
	readonly model?: ModelFacts;
}

export interface Recommendation {
	readonly config: TrainingConfig;
	/** Why the machine and the model ask for these values. */
	readonly reasons: readonly Reason[];
	/** Whether the config fits where it is to run. Without a readable base model there is nothing to tell. */
	readonly fits?: boolean;
	/** What was given up so that it fits, in order: the exact changes of what was asked. */
	readonly changes: readonly Change[];
	readonly plan?: MemoryPlan;
	readonly place: Placement;
	/** The peak while training; absent when the model cannot be read. */
	readonly memoryBytes?: number;
}

/**
 * The best config that fits this machine with a margin, for base model and subject, with the reason of each choice. Quality first
 * (the whole model with its text encoder, then without, then a LoRA), then speed. A base model that cannot be read only lacks its
 * part of the advice.
 */
export const recommendConfig = (hardware: Hardware, wishes: Wishes): Recommendation => {
	const {baseModel, subject = 'object', values = {}} = wishes;
	const model = wishes.model ?? factsOf(baseModel);
	const place = placementOf(hardware, {device: wishes.device ?? values.device, gpu: wishes.gpu ?? values.gpu});
	if (!model || baseModel === 'demo') {
		const config = {...(baseModel === 'demo' ? demoConfig() : {...subjectConfig(subject), baseModel}), ...values};
		const plan = model && planFor(config, model, place);
		const reasons = reasonsFor({config, hardware, place, changes: [], ...(model && {model})});
		return {config, place, reasons, changes: [], ...(plan && {plan, memoryBytes: plan.peakBytes, fits: plan.peakBytes <= place.usableBytes})};
	}

	const asked = (place: Placement): TrainingConfig => ({...subjectConfig(subject), ...ideal(place), baseModel, resolution: model.resolution, ...values});
	const first = fitConfig(asked(place), model, place);
	// A card without room for anything: main memory may have it.
	const main = placementOf(hardware, {device: 'cpu'});
	const second = !first.fits && place.device === 'gpu' ? fitConfig({...asked(main), device: 'cpu'}, model, main) : undefined;
	const [fit, where]: [Fit, Placement] = second?.fits ? [second, main] : [first, place];
	const {config, plan, fits, changes} = fit;
	const reasons = reasonsFor({config, changes, hardware, model, place: where, ...(where !== place && place.gpu && {tooSmall: place.gpu})});
	const tooLarge = {key: 'baseModel', value: baseModel, reason: `This model needs about ${formatBytes(plan.peakBytes)} to train; ${formatBytes(where.availableBytes)} of ${where.name} are available. Use a machine with more memory, or the demo model.`} as const;
	return {config, place: where, reasons: fits ? reasons : [...reasons, tooLarge], fits, changes, plan, memoryBytes: plan.peakBytes};
};

/** What would be chosen if memory were no matter. */
const ideal = ({device, gpu}: Placement): Partial<TrainingConfig> => ({
	trainUnet: true,
	trainTextEncoder: true,
	precision: device === 'gpu' && gpu ? halfOf(gpu) : 'f32',
	attention: device === 'gpu' && gpu && hasFusedAttention(gpu) ? 'fused' : 'full',
	cacheLatents: 'ram',
	gradientCheckpointing: false,
});

const factsOf = (baseModel: string): ModelFacts | undefined => {
	try {
		return baseModel === '' ? undefined : readModelFacts(baseModel);
	} catch (error) {
		if (error instanceof BaseModelError) {
			return undefined;
		}

		throw error;
	}
};
