import {createHash} from 'node:crypto';
import {setImmediate} from 'node:timers/promises';
import os from 'node:os';
import path from 'node:path';
import {resolveBaseModel, type TrainingConfig} from '../presets/index.ts';
import {epochOf, type TrainingSet} from './batches.ts';
import {loadCheckpoint, readPosition, saveCheckpoint, type Position} from './checkpoint.ts';
import {writePng} from './data/index.ts';
import {requireRoom} from './disk-room.ts';
import {startEngine} from './engine.ts';
import type {CompileOptions} from './graph/index.ts';
import {Latents} from './latents.ts';
import {outputBytes, writeOutput} from './output.ts';
import type {Command} from './protocol/index.ts';
import {samples} from './sampling.ts';
import type {Outcome, Session} from './session.ts';
import {StableDiffusion} from './stable-diffusion.ts';
import {StepRunner, type PendingStep} from './step-runner.ts';
import {isNormalization, TrainedState} from './trained-state.ts';
import {identityOf, prepareTrainingSet} from './training-set.ts';
import {openModelFolder, type ModelFolder} from './weights/index.ts';

/** Memory is reported this often. */
const MEMORY_EVERY_MS = 5000;

/** Thrown where the person asked to stop, to leave whatever is under way. */
class Stopped extends Error {
	constructor(readonly when: 'now' | 'save') {
		super('stopped');
	}
}

export class TrainingDivergedError extends Error {
	override name = 'TrainingDivergedError';
	readonly action = 'Resume from the last checkpoint with a lower learning rate: dreambooth train --further RUN --learning-rate ..., or start again.';
}

/** Trains a run from its beginning or its checkpoint to its end, or until the person stops it. */
export async function train(session: Session): Promise<Outcome> {
	const folder = await openModelFolder(session.furtherFrom ?? resolveBaseModel(session.config.baseModel));
	try {
		return await trainFrom(folder, session);
	} finally {
		await folder.close();
	}
}

async function trainFrom(folder: ModelFolder, session: Session): Promise<Outcome> {
	const {config, emit} = session;
	const {runtime, mode, lanes} = startEngine(folder, {...config, pixels: config.resolution ** 2});
	const resumedFromStep = session.checkpoint === undefined ? undefined : (await readPosition(session.checkpoint)).step;
	emit({type: 'started', runId: session.runId, pid: process.pid, device: runtime.device, deviceName: os.cpus()[0]?.model ?? 'CPU', ...(resumedFromStep !== undefined && {resumedFromStep})});
	for (const message of folder.warnings) emit({type: 'warning', message});
	emit({type: 'phase', phase: 'loading'});
	const compileOptions: CompileOptions = {mode, precision: config.precision, attention: config.attention, checkpointing: config.gradientCheckpointing};
	const model = await StableDiffusion.open(folder, {
		...compileOptions,
		clipSkip: config.clipSkip,
		...(config.freezeClipNormalization && {frozen: isNormalization}),
		lanes,
		onProgress: detail => emit({type: 'phase', phase: 'loading', detail}),
	});
	const run = new Run(session, model, compileOptions);
	try {
		return await run.work();
	} catch (error) {
		if (error instanceof Stopped) return run.stop(error.when);
		throw error;
	}
}

class Run {
	readonly #state: TrainedState;
	#done = 0;
	#totalSteps = 0;
	/** Steps that train the text encoder, from the first. */
	#textEncoderSteps = 0;
	#fingerprint = '';
	#set: TrainingSet = {instance: [], classImages: []};
	#pending: (PendingStep & {readonly startedAt: number}) | undefined;
	/** Whether the training has begun: before it there is nothing to save or to show. */
	#trained = false;
	#saved = false;
	#memoryAt = 0;
	#samplesWanted: (readonly string[])[] = [];

	constructor(private readonly session: Session, private readonly model: StableDiffusion, private readonly compileOptions: CompileOptions) {
		this.#state = new TrainedState(model, session.config);
	}

	get #config(): TrainingConfig {
		return this.session.config;
	}

	/** What the samples of the run show; without a choice, the subjects. */
	get #samplePrompts(): readonly string[] {
		const {samplePrompts, concepts} = this.#config;
		return samplePrompts.length > 0 ? samplePrompts : concepts.map(({instancePrompt}) => instancePrompt);
	}

	async work(): Promise<Outcome> {
		const {emit, checkpoint} = this.session;
		this.#requireRoom();
		this.#set = await prepareTrainingSet(this.#config, this.model, {
			warn: message => emit({type: 'warning', message}),
			progress: (done, total) => emit({type: 'phase', phase: 'class-images', done, total}),
			breathe: () => this.#answer(),
		});
		this.#fingerprint = await this.#fingerprintOf();
		this.#totalSteps = this.#stepsOfRun();
		this.#textEncoderSteps = this.#stepsOfTextEncoder();
		if (checkpoint !== undefined) {
			this.#done = (await readPosition(checkpoint)).step;
			if (this.#textEncoderEnds) this.#state.finishTextEncoder();
			await loadCheckpoint(checkpoint, this.#state, this.#fingerprint);
		}

		const latents = new Latents(this.model, this.#config);
		await latents.prepare([...this.#set.instance, ...this.#set.classImages], async (done, total) => {
			emit({type: 'phase', phase: 'caching', done, total});
			await this.#answer();
		});
		this.#announce();
		if (checkpoint === undefined) await this.#sample(this.#samplePrompts);
		emit({type: 'phase', phase: 'compiling'});
		const stepsNow = () => new StepRunner(this.model, this.#state, this.#set, latents, this.#config, this.#totalSteps, this.compileOptions);
		let steps = stepsNow();
		emit({type: 'phase', phase: 'training'});
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
			await this.#atIntervals();
		}
		this.#flush();
		return this.#finish();
	}

	/** Ends the run before its last step. */
	async stop(when: 'now' | 'save'): Promise<Outcome> {
		if (when === 'save' && this.#trained) {
			this.#flush();
			await this.#checkpoint();
		}
		return {type: 'stopped', resumable: this.session.checkpoint !== undefined || this.#saved};
	}

	async #finish(): Promise<Outcome> {
		await this.#checkpoint();
		this.session.emit({type: 'phase', phase: 'saving', detail: 'the trained model'});
		const {warning, ...written} = await writeOutput(this.session.runFolder, this.model, this.#state, this.#config);
		if (warning !== undefined) this.session.emit({type: 'warning', message: warning});
		const {sampleEverySteps} = this.#config;
		if (sampleEverySteps === 0 || this.#done % sampleEverySteps !== 0) await this.#sample(this.#samplePrompts);
		return {type: 'finished', ...written};
	}

	async #atIntervals(): Promise<void> {
		const {saveEverySteps, sampleEverySteps} = this.#config;
		const due = (every: number) => every > 0 && this.#done % every === 0;
		// Saved first: a sample that fails must not cost what was trained. The last step is saved by the end of the run.
		if (due(saveEverySteps) && this.#done < this.#totalSteps) await this.#checkpoint();
		if (due(sampleEverySteps)) await this.#sample(this.#samplePrompts);
	}

	/** Hears what the person asked for since the last time. */
	async #answer(): Promise<void> {
		await setImmediate();
		this.#reportMemory();
		for (let command = this.session.commands.take(); command; command = this.session.commands.take()) await this.#obey(command);
		await this.#sampleWanted();
	}

	async #sampleWanted(): Promise<void> {
		for (let prompts = this.#samplesWanted.shift(); prompts && this.#trained; prompts = this.#samplesWanted.shift()) await this.#sample(prompts);
	}

	async #obey(command: Command): Promise<void> {
		switch (command.type) {
			case 'stop':
				throw new Stopped(command.when);
			case 'pause':
				return this.#pause();
			case 'resume':
				return;
			case 'sample-now':
				this.#samplesWanted.push(command.prompts ?? this.#samplePrompts);
				return;
			case 'checkpoint-now':
				if (this.#trained) await this.#checkpoint();
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
		const {step, loss, instanceLoss, priorLoss, gradientNorm} = this.#pending.report();
		this.#pending = undefined;
		if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) throw new TrainingDivergedError(`The loss of step ${step} is no longer a number. The weights of the last checkpoint are untouched.`);
		const {batchSize, gradientAccumulation} = this.#config;
		const samplesSeen = step * batchSize * gradientAccumulation;
		const [learningRate, textEncoderLearningRate] = this.#state.learningRates(step - 1, this.#totalSteps);
		this.session.emit({
			type: 'step', step, epoch: epochOf(samplesSeen - 1, this.#set) + 1, samples: samplesSeen,
			loss, instanceLoss, ...(priorLoss !== undefined && {priorLoss}), gradientNorm,
			learningRate, ...(step <= this.#textEncoderSteps && this.#config.trainTextEncoder && {textEncoderLearningRate}), stepMs: endedAt - startedAt,
		});
	}

	async #checkpoint(): Promise<void> {
		this.#flush();
		const {emit, runFolder} = this.session;
		emit({type: 'phase', phase: 'saving', detail: `checkpoint of step ${this.#done}`});
		const position: Position = {version: 1, step: this.#done, fingerprint: this.#fingerprint};
		const {folder, bytes} = await saveCheckpoint(path.join(runFolder, 'checkpoints'), this.#state, position, {keep: this.#config.keepCheckpoints});
		this.#saved = true;
		emit({type: 'checkpoint', step: this.#done, folder: path.relative(runFolder, folder), bytes});
		this.#backToTraining();
	}

	/** Pictures of the model as it is now. A failing one is reported and costs the run nothing. */
	async #sample(prompts: readonly string[]): Promise<void> {
		if (prompts.length === 0) return;
		this.#flush();
		const {emit, runFolder} = this.session;
		const {sampleNegativePrompt: negativePrompt, sampleSeed, sampler, samplingSteps, guidance, resolution} = this.#config;
		const step = this.#done;
		emit({type: 'phase', phase: 'sampling', done: 0, total: prompts.length});
		try {
			let index = 0;
			const requests = prompts.map((prompt, i) => ({prompt, negativePrompt, seed: sampleSeed + i}));
			const pictures = async () => {
				for await (const {prompt, seed, pixels} of samples(this.model, requests, {sampler, steps: samplingSteps, guidance, width: resolution, height: resolution, breathe: () => setImmediate()})) {
					const file = path.join('samples', `step-${String(step).padStart(6, '0')}-${index}.png`);
					const facts = {width: resolution, height: resolution, prompt, negativePrompt, seed, sampler, samplingSteps, guidance};
					await writePng(path.join(runFolder, file), {width: resolution, height: resolution, pixels}, {...Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, String(value)])), step: String(step), model: this.#config.name});
					emit({type: 'sample', step, index, file, ...facts});
					emit({type: 'phase', phase: 'sampling', done: ++index, total: prompts.length});
				}
			};
			await (this.#config.emaPredict ? this.#state.withAverage(pictures) : pictures());
		} catch (error) {
			emit({type: 'warning', message: `A sample at step ${step} failed and was left out: ${error instanceof Error ? error.message : String(error)}`});
		}
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
			mode: this.compileOptions.mode, precision: config.precision, trainedParameters: this.#state.trainedParameters, samplePrompts: [...this.#samplePrompts],
		});
	}

	#stepsOfRun(): number {
		const {maxSteps, epochs, batchSize, gradientAccumulation} = this.#config;
		const all = Math.ceil((epochs * this.#set.instance.length) / (batchSize * gradientAccumulation));
		return maxSteps > 0 ? maxSteps : all;
	}

	/** Whole epochs, as the extension counts them. */
	#stepsOfTextEncoder(): number {
		const {textEncoderStepRatio, batchSize, gradientAccumulation} = this.#config;
		const perEpoch = this.#set.instance.length / (batchSize * gradientAccumulation);
		return textEncoderStepRatio === 1 ? this.#totalSteps : Math.ceil(Math.round((this.#totalSteps / perEpoch) * textEncoderStepRatio) * perEpoch);
	}

	/** Whether the next step is the first without the text encoder. */
	get #textEncoderEnds(): boolean {
		return this.#state.trainsTextEncoder && this.#done >= this.#textEncoderSteps;
	}

	/** What must be the same for a checkpoint to continue as if nothing had happened. */
	async #fingerprintOf(): Promise<string> {
		const {name: _name, device: _device, sampleEverySteps: _every, samplePrompts: _prompts, saveEverySteps: _save, keepCheckpoints: _keep, outputPrecision: _output, emaSave: _emaSave, emaExport: _emaExport, emaPredict: _emaPredict, ...decisive} = this.#config;
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
		this.session.emit({type: 'memory', residentBytes: process.memoryUsage().rss});
	}
}
