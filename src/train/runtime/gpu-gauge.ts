import {run} from './command.ts';

/** What the driver says of the GPU that this process works on. */
export interface GpuReading {
	readonly name: string;
	/** Of the whole card, by all programs. */
	readonly usedBytes: number;
	readonly totalBytes: number;
	/** By this process alone; a driver does not know processes inside of containers. */
	readonly ownBytes?: number;
	/** Percent of the time in which anything was computed. */
	readonly utilization?: number;
	readonly temperatureC?: number;
	readonly powerW?: number;
}

const TIMEOUT_MS = 5000;
/** A driver that does not answer is asked no more. */
const MOST_FAILURES = 3;

/** Asks nvidia-smi now and then, beside the work: nobody waits for the answer. */
export class GpuGauge {
	/** The last answer. */
	reading: GpuReading | undefined;
	/** The most that this process has been seen with, or the card where processes are not known. */
	peakBytes = 0;
	#asking: Promise<void> | undefined;
	#failures = 0;

	/** `card`: an index or UUID; absent: the first that CUDA is shown, else the first. */
	constructor(private readonly card = process.env.CUDA_VISIBLE_DEVICES?.split(',')[0] ?? '0') {}

	/** Asks anew, unless an answer is awaited. Resolves when it is there; never rejects. */
	ask(): Promise<void> {
		if (this.#failures >= MOST_FAILURES) return Promise.resolve();
		return (this.#asking ??= this.#read().finally(() => (this.#asking = undefined)));
	}

	async #read(): Promise<void> {
		const query = async (fields: string) => run('nvidia-smi', [fields, '--format=csv,noheader,nounits', `--id=${this.card}`], {timeoutMs: TIMEOUT_MS});
		const [card, processes] = await Promise.all([query('--query-gpu=name,memory.used,memory.total,utilization.gpu,temperature.gpu,power.draw'), query('--query-compute-apps=pid,used_memory')]);
		const [name = '', ...fields] = card.output.split('\n')[0].split(',').map(field => field.trim());
		const [used, total, utilization, temperatureC, powerW] = fields.map(numberOrNone);
		if (card.exitCode !== 0 || used === undefined || total === undefined) {
			this.#failures++;
			return;
		}
		this.#failures = 0;
		const own = processes.output.split('\n').map(line => line.split(',').map(Number)).find(([pid]) => pid === process.pid)?.[1];
		const ownBytes = processes.exitCode === 0 && own !== undefined && Number.isFinite(own) ? own * 2 ** 20 : undefined;
		this.reading = {name, usedBytes: used * 2 ** 20, totalBytes: total * 2 ** 20, utilization, temperatureC, powerW, ...(ownBytes !== undefined && {ownBytes})};
		this.peakBytes = Math.max(this.peakBytes, ownBytes ?? this.reading.usedBytes);
	}
}

/** Fields that a card does not have read `[N/A]`. */
const numberOrNone = (field: string): number | undefined => {
	const value = Number.parseFloat(field);
	return Number.isFinite(value) ? value : undefined;
};
