import {setImmediate} from 'node:timers/promises';
import path from 'node:path';
import type {Concept, TrainingConfig} from '../presets/index.ts';
import {instancePromptOf, writePng} from './data/index.ts';
import {callsOf, samples, type Sample, type SampleRequest} from './sampling.ts';
import type {Session} from './session.ts';
import type {StableDiffusion} from './stable-diffusion.ts';
import type {TrainedState} from './trained-state.ts';

/** The seed, the steps and the guidance of the sanity prompt are the extension's, so that its picture can be compared between runs. */
const SANITY_STEPS = 40;
const SANITY_GUIDANCE = 7.5;

/** The pictures that a run shows of itself, with the same noise at every step. */
export class Previews {
	/** Asked for by the person during the run, in the place of the config's. */
	#chosen: readonly string[] | undefined;
	/** Pictures of this step: one that is asked for besides overwrites none. */
	#made = {step: -1, count: 0};
	/** The first of the run's own pictures, as it was made last. */
	#first: {readonly step: number; readonly pixels: Uint8Array} | undefined;

	constructor(private readonly session: Session, private readonly model: StableDiffusion, private readonly state: TrainedState) {}

	/** What the samples show; without a choice, the subjects. */
	get prompts(): readonly string[] {
		const {samplePrompts, concepts} = this.session.config;
		return this.#chosen ?? (samplePrompts.length > 0 ? samplePrompts : concepts.flatMap(concept => previewsOf(concept, this.session.config).map(({prompt}) => prompt)));
	}

	get chosen(): readonly string[] | undefined {
		return this.#chosen;
	}

	choose(prompts: readonly string[] | undefined): void {
		this.#chosen = prompts;
		this.#first = undefined;
	}

	/** Calls of the UNet that the run's own pictures take, each time. */
	get calls(): number {
		return grouped(this.#own).reduce((calls, [{steps}, {length}]) => calls + callsOf(this.model, length, {...this.#size, steps}), 0);
	}

	/** The first of the run's own pictures as it was shown at this step: 8-bit RGB. Undefined when it was not. */
	shownFirst(step: number): Uint8Array | undefined {
		return this.#first?.step === step ? this.#first.pixels : undefined;
	}

	/** The first of the run's own pictures as the weights make it now, computed in the very way in which it is shown; nothing is written. */
	async makeFirst(): Promise<Uint8Array> {
		const {config} = this.session;
		const [[options, requests]] = grouped(this.#own.length > 0 ? this.#own : [this.#asked(instancePromptOf(config.concepts[0].instancePrompt, '', config.concepts[0]), 0)]);
		const made = await samples(this.model, requests, {...options, ...this.#size, breathe: () => setImmediate()}).next();
		return (made.value as Sample).pixels;
	}

	/** Makes them after step `step`. A failing one is reported and costs the run nothing. */
	async make(step: number, prompts?: readonly string[]): Promise<void> {
		const {emit, config} = this.session;
		const pictures = prompts ? prompts.map((prompt, i) => this.#asked(prompt, i)) : this.#own;
		if (pictures.length === 0) return;
		emit({type: 'phase', phase: 'sampling', done: 0, total: pictures.length});
		const make = async () => {
			let done = 0;
			for (const [options, requests] of grouped(pictures)) {
				for await (const sample of samples(this.model, requests, {...options, ...this.#size, breathe: () => setImmediate()})) {
					if (!prompts && done === 0) this.#first = {step, pixels: sample.pixels};
					await this.#write(step, this.#nextIndex(step), {...sample, ...options});
					emit({type: 'phase', phase: 'sampling', done: ++done, total: pictures.length});
				}
			}
		};
		try {
			await (config.emaPredict ? this.state.withAverage(make) : make());
		} catch (error) {
			emit({type: 'warning', message: `A sample at step ${step} failed and was left out: ${error instanceof Error ? error.message : String(error)}`});
		}
	}

	/** What a run shows when nothing else is asked for. */
	get #own(): Picture[] {
		const {config} = this.session;
		const named = this.#chosen ?? (config.samplePrompts.length > 0 ? config.samplePrompts : undefined);
		return [...(named ? named.map((prompt, i) => this.#asked(prompt, i)) : config.concepts.flatMap(concept => previewsOf(concept, config))), ...sanity(config)];
	}

	get #size() {
		const {sampler, resolution} = this.session.config;
		return {sampler, width: resolution, height: resolution};
	}

	#nextIndex(step: number): number {
		this.#made = {step, count: step === this.#made.step ? this.#made.count + 1 : 1};
		return this.#made.count - 1;
	}

	#asked(prompt: string, place: number): Picture {
		const {sampleNegativePrompt: negativePrompt, sampleSeed, samplingSteps: steps, guidance} = this.session.config;
		return {prompt, negativePrompt, seed: sampleSeed + place, steps, guidance};
	}

	async #write(step: number, index: number, {prompt, negativePrompt, seed, steps: samplingSteps, guidance, pixels}: Picture & {readonly pixels: Uint8Array}): Promise<void> {
		const {emit, runFolder, config: {sampler, resolution, name}} = this.session;
		const file = path.join('samples', `step-${String(step).padStart(6, '0')}-${index}.png`);
		const facts = {width: resolution, height: resolution, prompt, negativePrompt, seed, sampler, samplingSteps, guidance};
		const words = Object.fromEntries(Object.entries({...facts, step, model: name}).map(([key, value]) => [key, String(value)]));
		await writePng(path.join(runFolder, file), {width: resolution, height: resolution, pixels}, words);
		emit({type: 'sample', step, index, file, ...facts});
	}
}

interface Picture extends SampleRequest {
	readonly steps: number;
	readonly guidance: number;
}

/** The pictures of one concept, by its own settings and the run's where it has none. */
function previewsOf(concept: Concept, {sampleNegativePrompt, sampleSeed, samplingSteps, guidance}: TrainingConfig): Picture[] {
	const {instancePrompt, previewPrompts, previewNegativePrompt = sampleNegativePrompt, previewCount, previewSeed, previewSteps, previewGuidance} = concept;
	const prompts = (previewPrompts.length > 0 ? previewPrompts : [instancePrompt]).map(prompt => instancePromptOf(prompt, '', concept));
	return prompts.flatMap((prompt, place) =>
		Array.from({length: previewCount}, (_, i): Picture => ({
			prompt,
			negativePrompt: previewNegativePrompt,
			seed: (previewSeed < 0 ? sampleSeed : previewSeed) + place * previewCount + i,
			steps: previewSteps || samplingSteps,
			guidance: previewGuidance || guidance,
		})));
}

/** A picture that is not about the subject, which shows whether the model drifts. */
const sanity = ({sanityPrompt: prompt, sanityNegativePrompt: negativePrompt, sanitySeed: seed}: TrainingConfig): Picture[] =>
	prompt === '' ? [] : [{prompt, negativePrompt, seed, steps: SANITY_STEPS, guidance: SANITY_GUIDANCE}];

/** Neighbours with the same steps and guidance are made together. */
function grouped(pictures: readonly Picture[]): (readonly [{readonly steps: number; readonly guidance: number}, Picture[]])[] {
	const groups: (readonly [{readonly steps: number; readonly guidance: number}, Picture[]])[] = [];
	for (const picture of pictures) {
		const last = groups.at(-1);
		if (last && last[0].steps === picture.steps && last[0].guidance === picture.guidance) last[1].push(picture);
		else groups.push([{steps: picture.steps, guidance: picture.guidance}, [picture]]);
	}
	return groups;
}
