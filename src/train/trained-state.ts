import {addsGradientsUp, type TrainingConfig} from '../presets/index.ts';
import {deviceAverage, hostAverage, type Average} from './average.ts';
import {learningRatesOf} from './learning-rates.ts';
import {LossScale} from './loss-scale.ts';
import {adafactor, adamw, adamw8bit, emaDecay, lion, lion8bit, sgd, type EmaRule, type Optimizer} from './optim/index.ts';
import {OptimizerState} from './optimizer-state.ts';
import type {Parameters, ParameterSet, StoredTensor} from './parameters.ts';
import type {NetworkName, StableDiffusion} from './stable-diffusion.ts';
import type {TrainedNetwork} from './step.ts';

/** What of the config decides about updates. */
export type UpdateConfig = Pick<
	TrainingConfig,
	| 'precision' | 'training' | 'trainUnet' | 'trainTextEncoder' | 'learningRate' | 'textEncoderLearningRate' | 'loraLearningRate' | 'loraTextEncoderLearningRate' | 'learningRateSchedule' | 'warmupSteps' | 'scheduleCycles' | 'schedulePower'
	| 'minLearningRate' | 'scheduleFactor' | 'schedulePosition'
	| 'optimizer' | 'sgdMomentum' | 'weightDecay' | 'textEncoderWeightDecay' | 'adamBeta1' | 'adamBeta2' | 'adamEpsilon' | 'ema' | 'emaDecay' | 'emaRule' | 'emaMemory' | 'emaExport' | 'gradientAccumulation' | 'batchSize' | 'crop' | 'padTokens' | 'concepts' | 'scaleLearningRate' | 'freezeClipNormalization'
>;

/** Everything on the device that training changes: weights or adapters, the optimizer's state, averages. */
export class TrainedState {
	readonly optimizer: Optimizer;
	/** Of the UNet. */
	readonly average: Average | undefined;
	/** In f16. */
	readonly lossScale: LossScale | undefined;
	#networks: readonly TrainedNetwork[];
	/** What the person multiplied the learning rates by. */
	learningRateScale = 1;
	/** A network that has been trained and is now kept as it is. */
	#finished: readonly TrainedNetwork[] = [];

	constructor(model: Pick<StableDiffusion, 'unet' | 'textEncoder'> & Partial<Pick<StableDiffusion, 'adapters'>>, private readonly config: UpdateConfig) {
		this.optimizer = optimizerOf(config);
		const [unet, textEncoder] = [model.adapters?.unet?.parameters ?? model.unet, model.adapters?.textEncoder?.parameters ?? model.textEncoder];
		this.average = config.ema && config.trainUnet ? (config.emaMemory === 'host' ? hostAverage : deviceAverage)(unet) : undefined;
		this.lossScale = config.precision === 'f16' ? new LossScale() : undefined;
		const trained = (parameters: Parameters, group: 0 | 1): TrainedNetwork => ({
			parameters,
			group,
			optimizerState: new OptimizerState(parameters, this.optimizer),
			...(group === 0 && {ema: this.average?.onDevice}),
			...(group === 1 && config.freezeClipNormalization && {frozen: isNormalization}),
			accumulator: addsGradientsUp(config) ? parameters.zeros('gradient') : undefined,
		});
		this.#networks = [...(config.trainUnet ? [trained(unet, 0)] : []), ...(config.trainTextEncoder ? [trained(textEncoder, 1)] : [])];
	}

	/** What the next step trains. */
	get networks(): readonly TrainedNetwork[] {
		return this.#networks;
	}

	get trainsTextEncoder(): boolean {
		return this.#networks.some(({group}) => group === 1);
	}

	/** Ends the training of the text encoder and frees what its updates needed; its weights stay. */
	finishTextEncoder(): void {
		const ended = this.#networks.filter(({group}) => group === 1);
		for (const {optimizerState, accumulator} of ended) for (const freed of [optimizerState, accumulator]) freed?.dispose();
		this.#finished = [...this.#finished, ...ended];
		this.#networks = this.#networks.filter(network => !ended.includes(network));
	}

	get trainedParameters(): number {
		return [...this.#networks, ...this.#finished].reduce((total, {parameters}) => total + parameters.size, 0);
	}

	/** The learning rates of the step after `done` updates, [UNet, text encoder]. */
	learningRates(done: number, totalSteps: number): readonly [number, number] {
		return learningRatesOf(this.config, done, totalSteps, this.learningRateScale);
	}

	/**
	 * The inputs of the compiled step that depend on how many updates there were before it: as many as steps, or with a loss scale
	 * fewer, and then for both numbers that there can be.
	 */
	scalars(done: number, totalSteps: number) {
		const cases = (this.lossScale?.candidates() ?? [done]).map(updates => this.#scalarsAfter(updates, totalSteps));
		return {
			stepSizes: Float32Array.from(cases.flatMap(({rates}) => rates.map(({stepSize}) => stepSize))),
			decays: Float32Array.from(cases.flatMap(({rates}) => rates.map(({decay}) => decay))),
			optimizerExtra: Float32Array.from(cases, ({rates}) => rates[0].extra),
			emaRate: Float32Array.from(cases, ({emaRate}) => emaRate),
			...(this.lossScale && {updatesBefore: Float32Array.of(cases[0].updates)}),
		};
	}

	#scalarsAfter(updates: number, totalSteps: number) {
		const decays = [this.config.weightDecay, this.config.textEncoderWeightDecay];
		const rates = this.learningRates(updates, totalSteps).map((learningRate, group) => this.optimizer.scalars({learningRate, step: updates + 1, weightDecay: decays[group]}));
		return {updates, rates, emaRate: this.#emaRate(updates)};
	}

	/** To be called when the step after `done` steps has been given to the device. Returns its number for `lossScale.learn`. */
	afterStep(done: number): number {
		const {average, lossScale} = this;
		const started = lossScale?.started() ?? done + 1;
		if (!average || average.onDevice) return started;
		const {before, updated} = lossScale?.settle() ?? {before: done, updated: true};
		if (updated) average.follow(this.#emaRate(before));
		return started;
	}

	#emaRate(done: number): number {
		const {emaRule, emaDecay: decay} = this.config;
		const rule: EmaRule = emaRule === 'warmup' ? {kind: emaRule, decay, gamma: 1, power: 2 / 3} : {kind: emaRule, decay};
		return 1 - emaDecay(rule, done);
	}

	/** Every tensor of the state by file of a checkpoint: names and values as they are continued from. */
	files(): ReadonlyMap<string, readonly {readonly parameters: ParameterSet; readonly prefix: string}[]> {
		const files = new Map(this.weightFiles());
		for (const network of this.#networks) files.set(`${this.#fileOf(network)}.optimizer.safetensors`, [{parameters: network.optimizerState, prefix: ''}]);
		if (this.average) files.set('unet.ema.safetensors', [{parameters: this.average, prefix: ''}]);
		if (this.lossScale) files.set('loss_scale.safetensors', [{parameters: this.lossScale, prefix: ''}]);
		return files;
	}

	/** The same of the trained weights or adapters alone. */
	weightFiles(): ReturnType<TrainedState['files']> {
		return new Map([...this.#networks, ...this.#finished].map(network => [`${this.#fileOf(network)}.safetensors`, [{parameters: network.parameters, prefix: ''}]]));
	}

	#fileOf({group}: TrainedNetwork): string {
		return (group === 0 ? 'unet' : 'text_encoder') + (this.config.training === 'lora' ? '.lora' : '');
	}

	/** Bytes of a checkpoint. */
	get checkpointBytes(): number {
		return [...this.files().values()].flat().reduce((bytes, {parameters}) => bytes + parameters.bytes, 0) + 2 ** 20;
	}

	/** The UNet as it is to be written; undefined when it is the base model's. */
	get unetForUse(): readonly StoredTensor[] | undefined {
		const network = this.#networks.find(({group}) => group === 0);
		return this.config.emaExport && this.average ? this.average.stored() : network?.parameters.stored();
	}

	/** Lets `work` find the averaged UNet in the UNet's place. */
	async withAverage<T>(work: () => Promise<T>): Promise<T> {
		this.average?.exchange();
		try {
			return await work();
		} finally {
			this.average?.exchange();
		}
	}

	dispose(): void {
		this.average?.dispose();
		this.lossScale?.dispose();
		for (const {optimizerState, accumulator} of this.#networks) for (const freed of [optimizerState, accumulator]) freed?.dispose();
	}
}

/** Lion's betas are its paper's; Adafactor is transformers', with steps in proportion to each tensor's size. */
function optimizerOf({optimizer, adamBeta1: beta1, adamBeta2: beta2, adamEpsilon: epsilon, sgdMomentum: momentum}: Pick<TrainingConfig, 'optimizer' | 'adamBeta1' | 'adamBeta2' | 'adamEpsilon' | 'sgdMomentum'>): Optimizer {
	const lionOptions = {beta1: 0.9, beta2: 0.99};
	switch (optimizer) {
		case 'adamw':
			return adamw({beta1, beta2, epsilon});
		case 'adamw8bit':
			return adamw8bit({beta1, beta2, epsilon});
		case 'lion':
			return lion(lionOptions);
		case 'lion8bit':
			return lion8bit(lionOptions);
		case 'adafactor':
			return adafactor({form: 'transformers', scaleParameter: true});
		case 'sgd':
			return sgd({momentum});
	}
}

/** Networks whose own weights such a run only uses: those that it does not train, and all of them beneath adapters. */
export const frozenNetworks = ({training, trainUnet, trainTextEncoder}: Pick<UpdateConfig, 'training' | 'trainUnet' | 'trainTextEncoder'>): NetworkName[] => [
	...(training === 'lora' || !trainUnet ? ['unet' as const] : []),
	...(training === 'lora' || !trainTextEncoder ? ['textEncoder' as const] : []),
	'vae',
];

/** Scales and shifts of the text encoder's normalization layers. */
export const isNormalization = (name: string): boolean => /layer_norm/.test(name);
