import {stepsOfRun, type ModelFacts, type TrainingConfig} from '../../presets/index.ts';
import {heldOut, type TrainingImage} from '../batches.ts';
import {planCompiling, type CompilePlace, type CompilePlan} from '../compile-plan.ts';
import {sizeName} from '../data/index.ts';
import {groupBy} from '../group-by.ts';
import {stepsOfTextEncoder} from '../learning-rates.ts';
import {tokenizeUnpadded} from '../models/index.ts';
import {stepFunctions} from '../step-functions.ts';
import type {InspectedImage} from './inspect-images.ts';
import {inspectionTokenizer} from './inspection-tokenizer.ts';

/** The step functions of a run with this config that XLA compiles, taking it that there are class images of every bucket where there are any. */
export function planFunctions(images: readonly InspectedImage[], config: TrainingConfig, model: ModelFacts, place: CompilePlace): CompilePlan {
	const {maxTokenLength, padTokens, concepts} = config;
	const tokenizer = inspectionTokenizer(model.folder);
	const chunks = maxTokenLength / 75;
	const instance = images.map(({file, instancePrompt, concept, bucket}) => ({file, prompt: instancePrompt, concept, ...bucket}));
	const paired = images.filter(({concept}) => concepts[concept].classImagesPerInstance > 0);
	// One of each kind: how many there are changes no shape.
	const kinds = groupBy(paired, ({concept, classPrompt, bucket}) => `${concept} ${sizeName(bucket)} ${classPrompt}`);
	const classImages = [...kinds.values()].map(([{file, concept, classPrompt = '', bucket}]): TrainingImage => ({file, prompt: classPrompt, concept, ...bucket}));
	const {set} = heldOut({instance, classImages}, config);
	const totalSteps = stepsOfRun(config, set.instance.length);
	const functions = stepFunctions(set, config, {
		autoencoderFactor: model.autoencoderFactor,
		padsTokens: padTokens,
		chunks: () => chunks,
		stateCount: prompt => (padTokens ? 75 * chunks + 2 : tokenizeUnpadded(tokenizer, prompt).length),
	}, {totalSteps, textEncoderSteps: stepsOfTextEncoder(config, set.instance.length, totalSteps)});
	return planCompiling(functions, config, model, place);
}
