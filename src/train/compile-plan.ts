import {compileTime, describeCompiling, gpuProfile, planFor, secondsSavedByCompiling, type CompileTime, type ModelFacts, type TrainingConfig} from '../presets/index.ts';
import {describeFunction, type StepFunction} from './step-functions.ts';

/** Which of a run's step functions XLA compiles. */
export interface CompilePlan {
	/** In the order in which they come up. */
	readonly compiled: readonly PlannedFunction[];
	/** Those that run as plain graphs, which start at once and are slower. */
	readonly plain: readonly PlannedFunction[];
}

export interface PlannedFunction extends StepFunction {
	/** What tells it from the others: `576x384, text encoder kept`. */
	readonly name: string;
	readonly time: CompileTime;
}

export interface CompilePlace {
	readonly device: 'cpu' | 'gpu';
	/** What the run may take of the memory. */
	readonly usableBytes: number;
}

/** A plain graph keeps more of its intermediate values: measured 35.0 GB where XLA took 17.9 GB (SD 1.5, bench/results/gpu.json). */
const PLAIN_MEMORY = 2;

/**
 * Plans a run that XLA compiles. The function that is used most is compiled. Another one runs as a plain graph where its calls in the whole run
 * would save less time than compiling it takes, and memory allows: on a GPU, unless the person asked for XLA, or for results that do not
 * depend on such choices.
 */
export function planCompiling(functions: readonly StepFunction[], config: TrainingConfig, model: Pick<ModelFacts, 'shape'>, {device, usableBytes}: CompilePlace): CompilePlan {
	const planned = functions.map(one => ({...one, name: describeFunction(one, functions), time: compileTime(model, device, {...one, gradientCheckpointing: config.gradientCheckpointing})}));
	const mostUsed = planned.reduce<PlannedFunction | undefined>((most, one) => (most && most.uses >= one.uses ? most : one), undefined);
	const mayBePlain = device === 'gpu' && config.engine === 'auto' && !config.deterministic
		&& PLAIN_MEMORY * planFor(config, model, {device, profile: gpuProfile, cores: 1}).peakBytes <= usableBytes;
	const isPlain = (one: PlannedFunction) => mayBePlain && one !== mostUsed && one.uses * savedByCall(one, model) < one.time.first;
	const [plain, compiled] = [planned.filter(isPlain), planned.filter(one => !isPlain(one))];
	return {compiled, plain};
}

const savedByCall = ({shape: {rows}, width, height, trainsTextEncoder}: StepFunction, model: Pick<ModelFacts, 'shape'>): number =>
	secondsSavedByCompiling(model, {images: rows, pixels: width * height, trainsTextEncoder});

const MOST_NAMED = 6;

/** In whole sentences; nothing where nothing is compiled. */
export function describePlan({compiled, plain}: CompilePlan): string[] {
	const named = (functions: readonly PlannedFunction[]) => {
		const rest = functions.length > MOST_NAMED ? ` and ${functions.length - MOST_NAMED} more` : '';
		return `${functions.slice(0, MOST_NAMED).map(({name, uses}) => `${name} (${uses} ${uses === 1 ? 'call' : 'calls'})`).join('; ')}${rest}`;
	};
	return [
		...(compiled.length > 0 ? [`${describeCompiling(compiled.map(({time}) => time))}: ${named(compiled)}.`] : []),
		...(plain.length > 0 ? [`Used too rarely to be compiled, so run as plain graphs: ${named(plain)}.`] : []),
	];
}
