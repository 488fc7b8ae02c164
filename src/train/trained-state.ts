import type {TrainingConfig} from '../presets/index.ts';
import {adamw, emaDecay, learningRateAt, type Optimizer} from './optim/index.ts';
import type {Parameters, StoredTensor} from './parameters.ts';
import type {StableDiffusion} from './stable-diffusion.ts';
import type {TrainedNetwork} from './step.ts';

/** What of the config decides about updates. */
export type UpdateConfig = Pick<
	TrainingConfig,
	| 'trainUnet' | 'trainTextEncoder' | 'learningRate' | 'textEncoderLearningRate' | 'learningRateSchedule' | 'warmupSteps' | 'scheduleCycles' | 'schedulePower'
	| 'weightDecay' | 'adamBeta1' | 'adamBeta2' | 'adamEpsilon' | 'ema' | 'emaDecay' | 'gradientAccumulation'
>;

/** Everything on the device that training changes: weights, the optimizer's state, averages. */
export class TrainedState {
	readonly networks: readonly TrainedNetwork[];
	readonly optimizer: Optimizer;

	constructor(model: StableDiffusion, private readonly config: UpdateConfig) {
		this.optimizer = adamw({beta1: config.adamBeta1, beta2: config.adamBeta2, epsilon: config.adamEpsilon});
		const trained = (parameters: Parameters, group: 0 | 1): TrainedNetwork => ({
			parameters,
			group,
			slots: this.optimizer.slots.map(slot => parameters.zeros(slot)),
			ema: config.ema && group === 0 ? parameters.copy('ema') : undefined,
			accumulator: config.gradientAccumulation > 1 ? parameters.zeros('gradient') : undefined,
		});
		this.networks = [...(config.trainUnet ? [trained(model.unet, 0)] : []), ...(config.trainTextEncoder ? [trained(model.textEncoder, 1)] : [])];
	}

	get trainedParameters(): number {
		return this.networks.reduce((total, {parameters}) => total + parameters.size, 0);
	}

	/** The learning rates of the step after `done` steps, [UNet, text encoder]. */
	learningRates(done: number, totalSteps: number): readonly [number, number] {
		const {learningRate, textEncoderLearningRate, learningRateSchedule, warmupSteps, scheduleCycles, schedulePower} = this.config;
		const rate = (base: number) => (base === 0 ? 0 : learningRateAt(learningRateSchedule, done, {learningRate: base, warmupSteps, totalSteps, cycles: scheduleCycles, power: schedulePower}));
		return [rate(learningRate), rate(textEncoderLearningRate)];
	}

	/** The inputs of the compiled step that depend on how many steps are done. */
	scalars(done: number, totalSteps: number) {
		const rates = this.learningRates(done, totalSteps).map(learningRate => this.optimizer.scalars({learningRate, step: done + 1, weightDecay: this.config.weightDecay}));
		return {
			stepSizes: Float32Array.from(rates, ({stepSize}) => stepSize),
			decays: Float32Array.from(rates, ({decay}) => decay),
			epsilonHat: Float32Array.of(rates[0].epsilon),
			emaRate: Float32Array.of(1 - emaDecay({kind: 'diffusers', decay: this.config.emaDecay}, done)),
		};
	}

	/** Every tensor of the state by file of a checkpoint: names and values as they are continued from. */
	files(): ReadonlyMap<string, readonly {readonly parameters: Parameters; readonly prefix: string}[]> {
		const name = ({group}: TrainedNetwork) => (group === 0 ? 'unet' : 'text_encoder');
		const files = new Map<string, {parameters: Parameters; prefix: string}[]>();
		for (const network of this.networks) {
			files.set(`${name(network)}.safetensors`, [{parameters: network.parameters, prefix: ''}]);
			files.set(`${name(network)}.optimizer.safetensors`, network.slots.map((parameters, i) => ({parameters, prefix: `${this.optimizer.slots[i]}/`})));
			if (network.ema) files.set(`${name(network)}.ema.safetensors`, [{parameters: network.ema, prefix: ''}]);
		}
		return files;
	}

	/** Bytes of a checkpoint. */
	get checkpointBytes(): number {
		return [...this.files().values()].flat().reduce((bytes, {parameters}) => bytes + 4 * parameters.size, 0) + 2 ** 20;
	}

	/** The UNet as it is to be used: its average when there is one. */
	get unetForUse(): readonly StoredTensor[] | undefined {
		const network = this.networks.find(({group}) => group === 0);
		return network && (network.ema ?? network.parameters).stored();
	}

	dispose(): void {
		for (const {slots, ema, accumulator} of this.networks) for (const parameters of [...slots, ema, accumulator]) parameters?.dispose();
	}
}
