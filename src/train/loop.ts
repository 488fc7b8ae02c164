import {createHash} from 'node:crypto';
import {stat} from 'node:fs/promises';
import {setImmediate, setTimeout as delay} from 'node:timers/promises';
import os from 'node:os';
import path from 'node:path';
import {bucketLimit, describeCompileTime, predictionCompileTime, readModelFacts, resolveBaseModel, type TrainingConfig} from '../presets/index.ts';
import {openBaseModel} from './base-model.ts';
import {epochOf, heldOut, type TrainingSet} from './batches.ts';
import {loadCheckpoint, loadWeights, readPosition, saveCheckpoint, type Position} from './checkpoint.ts';
import {describePlan, planCompiling, type CompilePlace, type PlannedFunction} from './compile-plan.ts';
import {requireRoom} from './disk-room.ts';
import type {Engine} from './engine.ts';
import type {CompileOptions} from './graph/index.ts';
import {dueAfter, makesSamples} from './intervals.ts';
import {stepsOfTextEncoder} from './learning-rates.ts';
import {Latents} from './latents/index.ts';
import {adaptersToTrain, continueLora} from './lora.ts';
import {outputBytes, writeOutput} from './output.ts';
import {forgetPeak, peakBytes, recordPeak} from './measured-memory.ts';
import {drawnNetworks, randomStart} from './model-files.ts';
import {gradScaler} from './optim/index.ts';
import {placeCopy} from './place-copy.ts';
import {Previews} from './previews.ts';
import {loadWritten, pictureDifference, proofLimit} from './proof.ts';
import type {Command, Phase, StopWhen} from './protocol/index.ts';
import {GpuGauge} from './runtime/index.ts';
import type {Outcome, Session} from './session.ts';
import {whatIs} from './show/index.ts';
import {StableDiffusion} from './stable-diffusion.ts';
import {stepFunctions} from './step-functions.ts';
import {StepRunner, type CompileWatch, type LossScaleReport, type PendingStep} from './step-runner.ts';
import {frozenNetworks, isNormalization, TrainedState} from './trained-state.ts';
import {identityOf, prepareTrainingSet} from './training-set.ts';
import {Validation} from './validation.ts';
import type {ModelFolder} from './weights/index.ts';

/** Memory is reported this often. */
const MEMORY_EVERY_MS = 5000;
const PROGRESS_EVERY_MS = 250;

/** Of the card's free memory; the rest is for everything else. */
const USABLE_SHARE = 0.9;

/** After so many steps all buffers have been taken that a step takes. */
const MEASURED_STEPS = 3;

/** Below it f16 holds nothing: no step succeeds any more. */
const SMALLEST_LOSS_SCALE = 1e-4;

/** A step that overflowed may have a loss that is no number. */
const numberOrNull = (value: number | undefined): number | null => (value !== undefined && Number.isFinite(value) ? value : null);

/** Thrown where the person asked to stop, to leave whatever is under way. */
class Stopped extends Error {
	constructor(readonly when: StopWhen) {
		super('stopped');
	}
}

export class TrainingDivergedError extends Error {
	override name = 'TrainingDivergedError';
	constructor(message: string, readonly action = 'Resume from the last checkpoint with a lower learning rate: dreambooth train --further RUN --learning-rate ..., or start again.') {
		super(message);
	}
}

/** Trains a run from its beginning or its checkpoint to its end, or until the person stops it. */
export async function train(session: Session): Promise<Outcome> {
	const {config, furtherFrom} = session;
	const {baseModel, baseModelEma, vae, prediction, zeroTerminalSnr} = config;
	const random = furtherFrom === undefined ? randomStart(config) : undefined;
	const {folder, engine} = await openBaseModel({baseModel: furtherFrom ?? baseModel, ema: baseModelEma && furtherFrom === undefined, random, vae, prediction, zeroTerminalSnr}, {...config, pixels: config.resolution ** 2});
	try {
		return await trainFrom(folder, engine, session);
	} finally {
		await folder.close();
	}
}

async function trainFrom(folder: ModelFolder, {runtime, mode, sideMode, lanes}: Engine, session: Session): Promise<Outcome> {
	const {config, emit} = session;
	const resumedFromStep = session.checkpoint === undefined ? undefined : (await readPosition(session.checkpoint)).step;
	const gauge = runtime.device === 'gpu' ? new GpuGauge() : undefined;
	await gauge?.ask();
	emit({type: 'started', runId: session.runId, pid: process.pid, device: runtime.device, deviceName: gauge?.reading?.name ?? os.cpus()[0]?.model ?? 'CPU', ...(resumedFromStep !== undefined && {resumedFromStep})});
	// Before the model is loaded.
	const usableBytes = USABLE_SHARE * ((gauge?.reading?.totalBytes ?? 0) - (gauge?.reading?.usedBytes ?? 0));
	for (const message of folder.warnings) emit({type: 'warning', message});
	emit({type: 'log', message: await describeBase(session)});
	emit({type: 'phase', phase: 'loading'});
	const compileOptions: CompileOptions = {mode, precision: config.precision, attention: config.attention, checkpointing: config.gradientCheckpointing, deterministic: config.deterministic};
	const model = await StableDiffusion.open(folder, {
		...compileOptions,
		sideMode,
		clipSkip: config.clipSkip,
		maxTokenLength: config.maxTokenLength,
		padTokens: config.padTokens,
		frozenNetworks: frozenNetworks(config),
		...(config.freezeClipNormalization && {frozen: isNormalization}),
		...(config.training === 'lora' && {adapters: adaptersToTrain(config)}),
		lanes,
		onProgress: detail => emit({type: 'phase', phase: 'loading', detail}),
		warn: message => emit({type: 'warning', message}),
		compiling: async known => {
			emit({type: 'phase', phase: 'compiling', detail: `Compiling the sampling of images: ${describeCompileTime(predictionCompileTime, {known})}`});
			await setImmediate();
		},
	});
	const run = new Run(session, model, compileOptions, gauge, {device: runtime.device, usableBytes});
	try {
		return await run.work();
	} catch (error) {
		if (error instanceof Stopped) return run.stop(error.when);
		throw error;
	}
}

/** What the run starts from, recognized from its tensors: `Base model: SD 1.5, fp16, with EMA weights, 4.27 GB`. */
async function describeBase({config, furtherFrom}: Session): Promise<string> {
	const {baseModel, baseModelEma, seed} = config;
	const random = furtherFrom === undefined ? randomStart(config) : undefined;
	if (random) return `Base model: the structure of ${resolveBaseModel(baseModel)}; ${drawnNetworks(random)} ${random.networks.length > 1 ? 'begin' : 'begins'} with random weights, drawn from the seed ${seed}`;
	const {headline, ema} = await whatIs(resolveBaseModel(furtherFrom ?? baseModel));
	return `Base model: ${headline}${ema ? `; the run starts from ${baseModelEma ? 'the EMA weights' : 'the others (baseModelEma)'}` : ''}`;
}

/** Settings that may change between two parts of a run: what is trained does not depend on them. */
const indecisive: ReadonlySet<keyof TrainingConfig> = new Set([
	// How the images of a step are cut into batches, and how attention and gradients are computed, changes sums only in their rounding.
	'device', 'engine', 'batchSize', 'gradientAccumulation', 'attention', 'gradientCheckpointing', 'cacheLatents',
	// The position says how many buckets the run began with.
	'maxBuckets',
	'name', 'outputPrecision', 'outputMetadata', 'keepCheckpoints', 'saveEverySteps', 'saveEveryEpochs', 'saveModelDuring', 'saveModelOnStop', 'outputFolder',
	'sampleEverySteps', 'sampleEveryEpochs', 'samplePrompts', 'sanityPrompt', 'sanityNegativePrompt', 'sanitySeed', 'validateEverySteps',
	'emaSave', 'emaExport', 'emaPredict', 'pauseEveryEpochs', 'pauseSeconds', 'mergeLora', 'proofExport',
]);

class Run {
	readonly #state: TrainedState;
	#done = 0;
	/** Steps that this process has done. */
	#doneHere = 0;
	#totalSteps = 0;
	/** Steps that train the text encoder, from the first. */
	#textEncoderSteps = 0;
	#fingerprint = '';
	#maxBuckets = 0;
	#set: TrainingSet = {instance: [], classImages: []};
	#pending: (PendingStep & {readonly startedAt: number}) | undefined;
	/** Whether the training has begun: before it there is nothing to save or to show. */
	#trained = false;
	/** Folder of the checkpoint that this process saved last. */
	#saved: string | undefined;
	#memoryAt = 0;
	/** Waiting to be made: prompts of the person's, or undefined for the run's own. */
	#samplesWanted: (readonly string[] | undefined)[] = [];
	#stopAtEpochEnd = false;
	readonly #previews: Previews;
	#validation: Validation | undefined;
	#bestValidation = Infinity;

	constructor(private readonly session: Session, private readonly model: StableDiffusion, private readonly compileOptions: CompileOptions, private readonly gauge: GpuGauge | undefined, private readonly place: CompilePlace) {
		this.#state = new TrainedState(model, session.config);
		this.#previews = new Previews(session, model, this.#state);
	}

	get #config(): TrainingConfig {
		return this.session.config;
	}

	async work(): Promise<Outcome> {
		const {emit, checkpoint} = this.session;
		this.#requireRoom();
		this.#maxBuckets = checkpoint === undefined ? bucketLimit(this.#config, this.place.device) : ((await readPosition(checkpoint)).maxBuckets ?? 0);
		const found = await prepareTrainingSet({...this.#config, maxBuckets: this.#maxBuckets}, this.model, {
			warn: message => emit({type: 'warning', message}),
			tell: message => emit({type: 'log', message}),
			scanning: this.#progressOf('scanning'),
			progress: (done, total) => emit({type: 'phase', phase: 'class-images', done, total}),
			breathe: () => this.#answer(),
		});
		// Only now: class images are those of the base model.
		if (this.#config.loraFile !== '') await continueLora(this.model, this.#config.loraFile);
		const {set, images: unseen} = heldOut(found, this.#config);
		this.#set = set;
		this.#fingerprint = await this.#fingerprintOf();
		this.#totalSteps = this.#stepsOfRun();
		this.#textEncoderSteps = stepsOfTextEncoder(this.#config, this.#set.instance.length, this.#totalSteps);
		if (checkpoint !== undefined) {
			this.#done = (await readPosition(checkpoint)).step;
			if (this.#textEncoderEnds) this.#state.finishTextEncoder();
			const {learningRateScale = 1, samplePrompts, bestValidation = Infinity} = await loadCheckpoint(checkpoint, this.#state, this.#fingerprint);
			this.#state.learningRateScale = learningRateScale;
			this.#previews.choose(samplePrompts);
			this.#bestValidation = bestValidation;
		}

		const latents = await Latents.open(this.model, this.#config);
		const cached = this.#progressOf('caching');
		await latents.prepare([...this.#set.instance, ...this.#set.classImages, ...unseen], async (done, total) => {
			cached(done, total);
			await this.#answer();
		});
		if (unseen.length > 0) this.#validation = new Validation(this.model, unseen, latents, this.#config.seed, {...this.compileOptions, mode: this.model.options.sideMode ?? this.compileOptions.mode});
		this.#announce();
		// The first pictures come at once.
		this.model.predictions.expect(0);
		if (checkpoint === undefined) {
			if (makesSamples(this.#config)) await this.#sample();
			await this.#validate();
		}
		this.model.predictions.expect(this.#previews.calls * this.#samplingsToCome());
		emit({type: 'phase', phase: 'compiling'});
		forgetPeak();
		const watch = this.#compileWatch();
		const stepsNow = () => new StepRunner(this.model, this.#state, this.#set, latents, this.#config, this.#totalSteps, this.compileOptions, watch);
		let steps = stepsNow();
		if (this.compileOptions.mode !== 'xla') emit({type: 'phase', phase: 'training'});
		this.#trained = true;
		while (this.#done < this.#totalSteps) {
			await this.#answer();
			if (this.#textEncoderEnds) {
				this.#flush();
				this.#state.finishTextEncoder();
				steps.dispose();
				steps = stepsNow();
				emit({type: 'log', message: `The text encoder is trained; from step ${this.#done + 1} on it stays as it is.`});
			}
			const startedAt = performance.now();
			const next = await steps.start(this.#done);
			// Read only now, so that the device never waits for the host.
			this.#flush(startedAt);
			this.#pending = {...next, startedAt};
			this.#done++;
			if (++this.#doneHere === MEASURED_STEPS) await this.#measureMemory();
			await this.#atIntervals();
		}
		this.#flush();
		return this.#finish();
	}

	/** Says how far a phase is: at its begin and its end, and now and then between them, however many things there are. */
	#progressOf(phase: Phase): (done: number, total: number) => void {
		let last = -Infinity;
		return (done, total) => {
			const now = performance.now();
			if (done > 0 && done < total && now - last < PROGRESS_EVERY_MS) return;
			last = now;
			this.session.emit({type: 'phase', phase, done, total});
		};
	}

	/** Plans which step functions XLA compiles, and tells of it. Nothing is heard of a run while it does; the next step ends the phase. */
	#compileWatch(): CompileWatch | undefined {
		if (this.compileOptions.mode !== 'xla') return undefined;
		const {emit, furtherFrom} = this.session;
		const functions = stepFunctions(this.#set, this.#config, this.model, {totalSteps: this.#totalSteps, textEncoderSteps: this.#textEncoderSteps});
		const plan = planCompiling(functions, this.#config, readModelFacts(furtherFrom ?? this.#config.baseModel), this.place);
		const isToCome = ({trainsTextEncoder}: PlannedFunction) => this.#state.trainsTextEncoder || !trainsTextEncoder;
		const [compiled, plain] = [plan.compiled.filter(isToCome), plan.plain.filter(isToCome)];
		for (const message of describePlan({compiled, plain})) emit({type: 'log', message});
		const nameOf = (key: string) => {
			const place = compiled.findIndex(one => one.key === key);
			return place < 0 ? 'a step function' : compiled.length === 1 ? 'the training step' : `step function ${place + 1} of ${compiled.length} (${compiled[place].name})`;
		};
		return {
			plain: new Set(plain.map(({key}) => key)),
			async compiling(key, known) {
				const time = compiled.find(one => one.key === key)?.time;
				emit({type: 'phase', phase: 'compiling', detail: `Compiling ${nameOf(key)}${time ? `: ${describeCompileTime(time, {known})}` : ''}`});
				// What is said leaves the process now: it hears and says nothing until XLA is done.
				await setImmediate();
			},
			compiled: (key, seconds) => emit({type: 'log', message: `Compiled ${nameOf(key)} in ${seconds.toFixed(seconds < 10 ? 1 : 0)} s`}),
		};
	}

	async #measureMemory(): Promise<void> {
		if (this.session.furtherFrom !== undefined) return;
		this.#flush();
		await this.gauge?.ask();
		// The driver may not answer.
		const bytes = this.gauge ? this.gauge.peakBytes : peakBytes();
		if (bytes === 0) return;
		const message = await recordPeak(this.#config, bytes);
		if (message !== undefined) this.session.emit({type: 'log', message});
	}

	/** Ends the run before its last step. */
	async stop(when: StopWhen): Promise<Outcome> {
		if ((when === 'save' || when === 'epoch-end') && this.#trained) {
			this.#flush();
			await this.#checkpoint();
			if (this.#config.saveModelOnStop) await this.#prove((await this.#writeModel(`${this.#config.name}_${this.#done}`)).output);
		}
		return {type: 'stopped', resumable: this.session.checkpoint !== undefined || this.#saved !== undefined};
	}

	async #finish(): Promise<Outcome> {
		await this.#checkpoint();
		// Before the file, which may show it: the weights are safe in the checkpoint.
		if (makesSamples(this.#config) && !dueAfter(this.#done, this.#config, this.#pace).sample) await this.#sample();
		const written = await this.#writeModel();
		await this.#placeCopy(written.output);
		await this.#prove(written.output);
		return {type: 'finished', ...written};
	}

	/**
	 * Says whether the written file makes the picture that the run shows. A second model would not fit beside the first, so the file is
	 * loaded in its place. Returns whether the weights on the device are now those of the file.
	 */
	async #prove(output: string): Promise<boolean> {
		const {emit, runFolder} = this.session;
		const {proofExport, emaExport, emaPredict} = this.#config;
		// A process that only came to write the file anew may be the one after a proof that took too much memory.
		if (!proofExport || this.#doneHere === 0) return false;
		let replaced = false;
		try {
			const showsExport = !this.#state.average || emaExport === emaPredict;
			const make = () => this.#previews.makeFirst();
			const shown = (showsExport ? this.#previews.shownFirst(this.#done) : undefined) ?? (await (emaExport ? this.#state.withAverage(make) : make()));
			emit({type: 'phase', phase: 'saving', detail: 'loading the file again, to prove it'});
			replaced = true;
			await loadWritten(this.model, path.join(runFolder, output), this.#config);
			const {max, mean} = pictureDifference(shown, await make());
			emit({type: 'proof', step: this.#done, file: output, maxDifference: max, meanDifference: mean, limit: proofLimit(this.#config)});
		} catch (error) {
			emit({type: 'warning', message: `${output} could not be proved to be right. ${error instanceof Error ? error.message : String(error)}`});
		}
		return replaced;
	}

	/** Puts the trained weights back, of which the checkpoint of this very step has every bit. */
	async #afterProof(): Promise<void> {
		const {model} = this;
		for (const network of ['unet', 'textEncoder', 'vae'] as const) await model[network].restore(model.folder[network]);
		if (this.#config.loraFile !== '') await continueLora(model, this.#config.loraFile);
		await loadWeights(this.#saved as string, this.#state);
	}

	/** The model as it is now, in the form of the finished one. */
	async #writeModel(name = this.#config.name) {
		this.session.emit({type: 'phase', phase: 'saving', detail: 'the trained model'});
		const {warning, hash, ...written} = await writeOutput(this.session.runFolder, this.model, this.#state, {...this.#config, name});
		this.session.emit({type: 'log', message: `${written.output}: ${hash}`});
		if (warning !== undefined) this.session.emit({type: 'warning', message: warning});
		return written;
	}

	/** A copy that fails costs the run nothing: the file itself is there. */
	async #placeCopy(output: string): Promise<void> {
		const {emit, runFolder, config: {outputFolder}} = this.session;
		if (outputFolder === '') return;
		const file = path.join(runFolder, output);
		try {
			emit({type: 'log', message: `A copy of the result is at ${await placeCopy(file, outputFolder, (await stat(file)).size)}`});
		} catch (error) {
			emit({type: 'warning', message: error instanceof Error ? error.message : String(error)});
		}
	}

	get #pace() {
		const {batchSize, gradientAccumulation} = this.#config;
		return {imagesPerStep: batchSize * gradientAccumulation, imagesPerEpoch: this.#set.instance.length};
	}

	async #atIntervals(): Promise<void> {
		const due = dueAfter(this.#done, this.#config, this.#pace);
		// The checkpoint knows the best validation so far, its own step's included.
		if (due.validate) await this.#validate();
		// Saved before samples: one that fails must not cost what was trained. The last step is saved by the end of the run.
		if (due.save && this.#done < this.#totalSteps) {
			await this.#checkpoint();
			if (this.#config.saveModelDuring) {
				const {output} = await this.#writeModel(`${this.#config.name}_${this.#done}`);
				if (await this.#prove(output)) await this.#afterProof();
			}
			this.#backToTraining();
		}
		if (due.sample) await this.#sample();
		if (this.#stopAtEpochEnd && dueAfter(this.#done, {...this.#config, saveEveryEpochs: 1}, this.#pace).save) throw new Stopped('epoch-end');
		if (due.coolDown && this.#done < this.#totalSteps) await this.#coolDown();
	}

	/** Lets the device rest. Commands are heard meanwhile. */
	async #coolDown(): Promise<void> {
		this.#flush();
		const {pauseSeconds} = this.#config;
		this.session.emit({type: 'log', message: `Resting for ${pauseSeconds} seconds after step ${this.#done}.`});
		const until = performance.now() + 1000 * pauseSeconds;
		for (let left = 1000 * pauseSeconds; left > 0; left = until - performance.now()) {
			await delay(Math.min(left, 200));
			await this.#answer();
		}
	}

	async #validate(): Promise<void> {
		if (!this.#validation) return;
		this.#flush();
		const loss = await this.#validation.loss();
		const best = loss < this.#bestValidation;
		this.#bestValidation = Math.min(loss, this.#bestValidation);
		this.session.emit({type: 'validation', step: this.#done, loss, best});
	}

	/** Hears what the person asked for since the last time. */
	async #answer(): Promise<void> {
		await setImmediate();
		this.#reportMemory();
		for (let command = this.session.commands.take(); command; command = this.session.commands.take()) await this.#obey(command);
		await this.#sampleWanted();
	}

	async #sampleWanted(): Promise<void> {
		while (this.#trained && this.#samplesWanted.length > 0) await this.#sample(this.#samplesWanted.shift());
	}

	async #obey(command: Command): Promise<void> {
		switch (command.type) {
			case 'stop':
				if (command.when !== 'epoch-end' || !this.#trained) throw new Stopped(command.when);
				this.#stopAtEpochEnd = true;
				return;
			case 'pause':
				return this.#pause();
			case 'resume':
				return;
			case 'sample-now':
				this.#samplesWanted.push(command.prompts);
				return;
			case 'checkpoint-now':
				if (this.#trained) await this.#checkpoint();
				this.#backToTraining();
				return;
			case 'set-sample-prompts':
				this.#previews.choose(command.prompts);
				this.session.emit({type: 'changed', step: this.#done, samplePrompts: command.prompts});
				return;
			case 'scale-learning-rate':
				this.#state.learningRateScale *= command.factor;
				this.session.emit({type: 'changed', step: this.#done, learningRateScale: this.#state.learningRateScale});
		}
	}

	async #pause(): Promise<void> {
		this.#flush();
		this.session.emit({type: 'paused', step: this.#done});
		for (;;) {
			const command = await this.session.commands.wait();
			if (command.type === 'resume') break;
			if (command.type !== 'pause') await this.#obey(command);
			await this.#sampleWanted();
		}
		this.session.emit({type: 'resumed', step: this.#done});
	}

	/** Reports the step that the device was given last. @throws TrainingDivergedError when it is no longer a number. */
	#flush(endedAt = performance.now()): void {
		if (!this.#pending) return;
		const {startedAt} = this.#pending;
		const {step, loss, instanceLoss, priorLoss, conceptLosses, gradientNorm, lossScale} = this.#pending.report();
		this.#pending = undefined;
		if (lossScale) this.#watch(lossScale, step);
		if (!lossScale?.skipped && (!Number.isFinite(loss) || !Number.isFinite(gradientNorm))) throw new TrainingDivergedError(`The loss of step ${step} is no longer a number. The weights of the last checkpoint are untouched.`);
		const {batchSize, gradientAccumulation} = this.#config;
		const samplesSeen = step * batchSize * gradientAccumulation;
		const [learningRate, textEncoderLearningRate] = this.#state.learningRates(lossScale?.updatesBefore ?? step - 1, this.#totalSteps);
		this.session.emit({
			type: 'step', step, epoch: epochOf(samplesSeen - 1, this.#set) + 1, samples: samplesSeen,
			loss: numberOrNull(loss), instanceLoss: numberOrNull(instanceLoss), ...(priorLoss !== undefined && {priorLoss: numberOrNull(priorLoss)}), gradientNorm: numberOrNull(gradientNorm),
			...(conceptLosses.length > 1 && {conceptLosses: conceptLosses.map(numberOrNull)}),
			...(lossScale && {lossScale: lossScale.scale, ...(lossScale.skipped && {skipped: true})}),
			learningRate, ...(step <= this.#textEncoderSteps && this.#config.trainTextEncoder && {textEncoderLearningRate}), stepMs: endedAt - startedAt,
		});
	}

	/** Tells of steps that were skipped. @throws TrainingDivergedError when nothing but skipping is left. */
	#watch({scale, skipped}: LossScaleReport, step: number): void {
		if (!skipped) return;
		const {emit} = this.session;
		emit({type: 'log', message: `Step ${step} was left out: its gradients were too large for f16. From now on the loss is multiplied by ${scale} instead of ${scale / gradScaler.backoff}.`});
		if (scale < SMALLEST_LOSS_SCALE) {
			throw new TrainingDivergedError(
				`The gradients stay too large for f16, whatever the loss is multiplied by: step ${step} was left out like those before it. The weights of the last checkpoint are untouched.`,
				'Train in bf16, which has the range of f32, or in f32: dreambooth train --further RUN --precision bf16, or start again.',
			);
		}
		if (scale < 1 && scale / gradScaler.backoff >= 1) emit({type: 'warning', message: `The gradients of this run hardly fit into f16: so many steps were left out that the loss is now multiplied by ${scale}. Where the GPU has bf16, it has no such limit; f32 has none anywhere.`});
	}

	async #checkpoint(): Promise<void> {
		this.#flush();
		const {emit, runFolder} = this.session;
		emit({type: 'phase', phase: 'saving', detail: `checkpoint of step ${this.#done}`});
		const position: Position = {
			version: 1, step: this.#done, fingerprint: this.#fingerprint,
			...(this.#maxBuckets > 0 && {maxBuckets: this.#maxBuckets}),
			...(this.#state.learningRateScale !== 1 && {learningRateScale: this.#state.learningRateScale}),
			...(this.#previews.chosen && {samplePrompts: [...this.#previews.chosen]}),
			...(Number.isFinite(this.#bestValidation) && {bestValidation: this.#bestValidation}),
		};
		const {folder, bytes} = await saveCheckpoint(path.join(runFolder, 'checkpoints'), this.#state, position, {keep: this.#config.keepCheckpoints});
		this.#saved = folder;
		emit({type: 'checkpoint', step: this.#done, folder: path.relative(runFolder, folder), bytes});
	}

	async #sample(prompts?: readonly string[]): Promise<void> {
		this.#flush();
		await this.#previews.make(this.#done, prompts);
		this.#backToTraining();
	}

	#backToTraining(): void {
		if (this.#trained && this.#done < this.#totalSteps) this.session.emit({type: 'phase', phase: 'training'});
	}

	#announce(): void {
		const {config, emit} = {config: this.#config, emit: this.session.emit};
		const {instance, classImages} = this.#set;
		const perStep = config.batchSize * config.gradientAccumulation;
		emit({
			type: 'plan', totalSteps: this.#totalSteps, epochs: (this.#totalSteps * perStep) / instance.length, stepsPerEpoch: instance.length / perStep,
			instanceImages: instance.length, classImages: classImages.length, batchSize: config.batchSize,
			mode: this.compileOptions.mode, precision: config.precision, trainedParameters: this.#state.trainedParameters, samplePrompts: [...this.#previews.prompts],
		});
	}

	/** How many times the run will show its own pictures. */
	#samplingsToCome(): number {
		if (!makesSamples(this.#config)) return 0;
		let times = 0;
		for (let step = this.#done + 1; step < this.#totalSteps; step++) if (dueAfter(step, this.#config, this.#pace).sample) times++;
		// After the last step at any rate.
		return times + 1;
	}

	#stepsOfRun(): number {
		const {maxSteps, epochs, batchSize, gradientAccumulation} = this.#config;
		const all = Math.ceil((epochs * this.#set.instance.length) / (batchSize * gradientAccumulation));
		return maxSteps > 0 ? maxSteps : all;
	}

	/** Whether the next step is the first without the text encoder. */
	get #textEncoderEnds(): boolean {
		return this.#state.trainsTextEncoder && this.#done >= this.#textEncoderSteps;
	}

	/** What must be the same for a checkpoint to continue as if nothing had happened. */
	async #fingerprintOf(): Promise<string> {
		const decisive = [...Object.entries(this.#config).filter(([key]) => !indecisive.has(key as keyof TrainingConfig)), ['imagesPerStep', this.#pace.imagesPerStep]];
		const images = [...this.#set.instance, ...this.#set.classImages].map(({file, prompt}) => [path.basename(file), prompt]);
		return createHash('sha256').update(JSON.stringify([decisive, images, await identityOf(this.model)])).digest('hex').slice(0, 16);
	}

	/** Refuses a run whose results would not fit, before hours are spent on it. */
	#requireRoom(): void {
		const checkpoints = this.#state.checkpointBytes * (this.#config.keepCheckpoints + 1);
		requireRoom(this.session.runFolder, checkpoints + outputBytes(this.model, this.#config), 'This run, its checkpoints and the trained model');
	}

	#reportMemory(): void {
		const now = performance.now();
		if (now - this.#memoryAt < MEMORY_EVERY_MS) return;
		this.#memoryAt = now;
		const {usedBytes, totalBytes, utilization, temperatureC, powerW} = this.gauge?.reading ?? {};
		this.session.emit({type: 'memory', residentBytes: process.memoryUsage().rss, deviceUsedBytes: usedBytes, deviceTotalBytes: totalBytes, utilization, temperatureC, powerW});
		// For the next time.
		void this.gauge?.ask();
	}
}
