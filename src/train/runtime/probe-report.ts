/** What the probe process says; the last word counts. */
export interface ProbeReport {
	/** Passed, in order: load, with the GPU build gpu, convolution, graph, xla. */
	readonly stages: readonly string[];
	readonly ok: boolean;
	readonly device?: 'cpu' | 'gpu';
	readonly fault?: string;
}
