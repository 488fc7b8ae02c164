import {assignVariable, createVariable, disposeVariable, readVariable, type Variable} from './graph/index.ts';
import {gradScaler, type LossScaleVariables} from './optim/index.ts';
import type {ParameterSet, ParameterSource, StoredTensor} from './parameters.ts';

const names = {scale: 'scale', goodSteps: 'good_steps', updates: 'updates'} as const;
type Key = keyof typeof names;

/**
 * The loss scale of a run, which lives on the device. The host starts a step before it has heard of the last one, so it does not
 * know whether that one made its update: it names two numbers of updates, and the device takes the true one.
 */
export class LossScale implements ParameterSet {
	readonly variables: LossScaleVariables;
	/** Steps that were started here. */
	#started = 0;
	/** How many updates there were after so many of them. */
	#known = {steps: 0, updates: 0};

	constructor() {
		const variable = (key: Key, value: number): Variable => createVariable(`loss_scale/${names[key]}`, [], {values: value});
		this.variables = {scale: variable('scale', gradScaler.initial), goodSteps: variable('goodSteps', 0), updates: variable('updates', 0)};
	}

	/** How many updates there have been before the step that is started next: one of the two. */
	candidates(): readonly [number, number] {
		if (this.#started > this.#known.steps + 1) this.settle();
		const {updates} = this.#known;
		return [updates, updates + 1];
	}

	/** Notes that a step was started and returns its number, by which its outcome is told. */
	started(): number {
		return ++this.#started;
	}

	/** What a finished step says. */
	learn(steps: number, updates: number): void {
		if (steps > this.#known.steps) this.#known = {steps, updates};
	}

	/** Waits for the device. Returns whether there was an update since what was known before, and the number before it. */
	settle(): {readonly before: number; readonly updated: boolean} {
		const before = this.#known.updates;
		this.#known = {steps: this.#started, updates: readVariable(this.variables.updates)[0]};
		return {before, updated: this.#known.updates > before};
	}

	readonly bytes = 12;

	stored(): StoredTensor[] {
		return this.#entries.map(([key, name]) => ({name, shape: [], read: () => readVariable(this.variables[key])}));
	}

	async restore(source: ParameterSource): Promise<void> {
		for (const [key, name] of this.#entries) assignVariable(this.variables[key], Float32Array.from(await source.readFloat32(name)));
		this.settle();
	}

	dispose(): void {
		for (const variable of Object.values(this.variables)) disposeVariable(variable as Variable);
	}

	get #entries() {
		return Object.entries(names) as [Key, string][];
	}
}
