/** Longest that one case may take. */
const PATIENCE_MS = 3000;

/** Classes of errors that say something to a person. */
const ours: ReadonlySet<string> = new Set(['WeightsError', 'BaseModelError', 'PresetError']);

type TypedArray = new (...parameters: unknown[]) => ArrayBufferView;
const watched = ['Uint8Array', 'Uint16Array', 'Uint32Array', 'Int32Array', 'Float32Array', 'Float64Array', 'BigInt64Array'] as const;

/** The largest block of memory that was asked for while `work` ran, in bytes. */
export async function largestAllocation(work: () => Promise<void> | void): Promise<number> {
	const world = globalThis as unknown as Record<string, TypedArray>;
	const kept = watched.map(name => world[name]);
	const {alloc} = Buffer;
	let largest = 0;
	const seen = (bytes: number) => {
		largest = Math.max(largest, bytes);
	};
	for (const [i, name] of watched.entries()) {
		world[name] = new Proxy(kept[i], {
			construct(target, parameters: unknown[], self) {
				const [size] = parameters;
				if (typeof size === 'number') seen(size * (target as unknown as {BYTES_PER_ELEMENT: number}).BYTES_PER_ELEMENT);
				return Reflect.construct(target, parameters, self) as object;
			},
		});
	}
	Buffer.alloc = ((size: number, ...rest: []) => {
		seen(size);
		return alloc(size, ...rest);
	}) as typeof Buffer.alloc;
	try {
		await work();
	} finally {
		for (const [i, name] of watched.entries()) world[name] = kept[i];
		Buffer.alloc = alloc;
	}
	return largest;
}

/**
 * Runs one thing with one wrong file. Fine are an end without an error and an error of ours with words for the person; nothing may take
 * long or ask for more memory than `allowedBytes` at once.
 * @returns what was wrong; undefined when nothing was
 */
export async function judge(work: () => Promise<void> | void, allowedBytes: number): Promise<string | undefined> {
	let fault: string | undefined;
	const start = performance.now();
	const largest = await largestAllocation(async () => {
		try {
			await work();
		} catch (error) {
			fault = faultOf(error);
		}
	});
	const took = performance.now() - start;
	if (fault !== undefined) return fault;
	if (largest > allowedBytes) return `asked for ${largest} bytes at once, where ${allowedBytes} are enough`;
	return took > PATIENCE_MS ? `took ${took.toFixed(0)} ms` : undefined;
}

function faultOf(error: unknown): string | undefined {
	if (!(error instanceof Error) || !ours.has(error.name)) return `threw ${error instanceof Error ? error.stack : String(error)}`;
	const advice: unknown = 'action' in error ? error.action : 'cure' in error ? error.cure : error.message;
	return error.message.length > 20 && typeof advice === 'string' && advice.length > 10 ? undefined : `threw an error that says too little: ${error.message}`;
}
