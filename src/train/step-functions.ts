import type {TrainingConfig} from '../presets/index.ts';
import {Batches, type BatchConfig, type MicroBatch, type TrainingSet} from './batches.ts';
import {sizeName, variantsOf, type Size} from './data/index.ts';
import type {StableDiffusion} from './stable-diffusion.ts';
import type {StepShape} from './step.ts';

/** What shapes depend on besides the images: of a loaded model, or of its configs and tokenizer alone. */
export type ShapingModel = Pick<StableDiffusion, 'autoencoderFactor' | 'padsTokens' | 'chunks' | 'stateCount'>;

/** The shapes of the micro-batches of a training set: for each, the training step is a function of its own. */
export class StepShapes {
	/** Pieces of 75 tokens that every prompt is cut or filled up to. */
	readonly chunks: number;
	/** All prompts that there can be; undefined where they vary without end. */
	readonly allTexts: readonly string[] | undefined;

	constructor(set: TrainingSet, config: TrainingConfig, private readonly model: ShapingModel) {
		const written = [...new Set([...set.instance, ...set.classImages].map(({prompt}) => prompt))];
		const variants = written.map(prompt => variantsOf(prompt, config));
		this.allTexts = variants.every(each => each !== undefined) ? [...new Set(variants.flat())] : undefined;
		this.chunks = written.reduce((most, prompt) => Math.max(most, model.chunks(prompt)), 1);
	}

	of({width, height, places: rows, rows: [{prompt}]}: MicroBatch): StepShape {
		const {autoencoderFactor, padsTokens} = this.model;
		return {
			rows,
			height: height / autoencoderFactor,
			width: width / autoencoderFactor,
			prompts: this.texts(rows)?.length ?? rows,
			chunks: this.chunks,
			...(!padsTokens && {positions: this.model.stateCount(prompt)}),
		};
	}

	/** All prompts of the run, where they are so few that each batch can have all of them: then none is read twice for its rows. */
	texts(rows: number): readonly string[] | undefined {
		return this.model.padsTokens && this.allTexts && this.allTexts.length <= rows ? this.allTexts : undefined;
	}
}

/** The last micro-batch of a step updates the weights, those before it add their gradients up. */
export type StepPart = 'accumulate' | 'update';

export const partOf = (place: number, microBatches: number): StepPart => (place === microBatches - 1 ? 'update' : 'accumulate');

/** The same for micro-batches that share a function. */
export const functionKey = (part: StepPart, shape: StepShape, trainsTextEncoder: boolean): string => JSON.stringify([part, shape, trainsTextEncoder]);

/** A function that a run needs for its training steps. */
export interface StepFunction extends Size {
	readonly key: string;
	readonly part: StepPart;
	readonly shape: StepShape;
	readonly trainsTextEncoder: boolean;
	/** Calls in the whole run. */
	readonly uses: number;
}

export interface StepCounts {
	readonly totalSteps: number;
	/** Of them, those that train the text encoder: the first ones. */
	readonly textEncoderSteps: number;
}

/** Images that are looked at in each phase of a run: half a second of counting. Of a longer phase the rest is taken to be like them. */
const MOST_IMAGES = 20_000;

/** All functions of a run's training steps, in the order in which they come up: one for each shape, part of a step, and set of networks that are trained. */
export function stepFunctions(set: TrainingSet, config: TrainingConfig & BatchConfig, model: ShapingModel, {totalSteps, textEncoderSteps}: StepCounts): StepFunction[] {
	const shapes = new StepShapes(set, config, model);
	const batches = new Batches(set, config);
	const withText = config.trainTextEncoder ? Math.min(textEncoderSteps, totalSteps) : 0;
	const mostSteps = Math.max(1, Math.floor(MOST_IMAGES / (config.batchSize * config.gradientAccumulation)));
	return [{begin: 0, end: withText, trainsTextEncoder: true}, {begin: withText, end: totalSteps, trainsTextEncoder: false}].flatMap(({begin, end, trainsTextEncoder}) => {
		const counted = Math.min(end - begin, mostSteps);
		const found = new Map<string, StepFunction>();
		for (let done = begin; done < begin + counted; done++) {
			for (const [place, batch, {length}] of batches.ofStep(done).map((batch, i, all) => [i, batch, all] as const)) {
				const [part, shape] = [partOf(place, length), shapes.of(batch)];
				const key = functionKey(part, shape, trainsTextEncoder);
				const {width, height} = batch;
				found.set(key, {key, part, shape, width, height, trainsTextEncoder, uses: (found.get(key)?.uses ?? 0) + 1});
			}
		}
		return [...found.values()].map(each => ({...each, uses: Math.round((each.uses * (end - begin)) / counted)}));
	});
}

/** What tells one function of a run from its others: `576x384, 4 images, gradients only`. */
export function describeFunction(one: StepFunction, all: readonly StepFunction[]): string {
	const differ = (of: (each: StepFunction) => unknown) => new Set(all.map(of)).size > 1;
	const {part, trainsTextEncoder, shape: {rows, positions}} = one;
	return [
		sizeName(one),
		...(differ(each => each.shape.rows) ? [`${rows} ${rows === 1 ? 'image' : 'images'}`] : []),
		...(differ(each => each.shape.positions) ? [`${positions} tokens`] : []),
		...(differ(each => each.trainsTextEncoder) ? [`text encoder ${trainsTextEncoder ? 'trained' : 'kept'}`] : []),
		...(differ(each => each.part) ? [part === 'update' ? 'with the update' : 'gradients only'] : []),
	].join(', ');
}
