/** How fast training goes, since it was last started or resumed. */
export interface Pace {
	/** Durations of the last steps in milliseconds, newest last. */
	readonly recentMs: readonly number[];
	/** When the first step of this stretch ended; steps and their own time since then. */
	readonly sinceMs?: number;
	readonly steps: number;
	readonly busyMs: number;
	/** When the last step ended. */
	readonly lastMs?: number;
}

/** Enough that the figure does not flicker, few enough that it follows within seconds. */
const RECENT_STEPS = 32;

export const noPace: Pace = {recentMs: [], steps: 0, busyMs: 0};

export function paceAfter(pace: Pace, {time, stepMs}: {time: number; stepMs: number}): Pace {
	const recentMs = [...pace.recentMs.slice(1 - RECENT_STEPS), stepMs];
	return pace.sinceMs === undefined
		? {recentMs, sinceMs: time, lastMs: time, steps: 0, busyMs: 0}
		: {recentMs, sinceMs: pace.sinceMs, lastMs: time, steps: pace.steps + 1, busyMs: pace.busyMs + stepMs};
}

/** Of the training itself, samples and checkpoints left out. */
export function stepsPerSecond({recentMs}: Pace): number | undefined {
	const sum = recentMs.reduce((total, ms) => total + ms, 0);
	return sum > 0 ? (recentMs.length / sum) * 1000 : undefined;
}

/** Seconds until `steps` more steps are done: at the recent speed, plus the average share of sampling and saving so far. */
export function secondsFor(steps: number, pace: Pace): number | undefined {
	const speed = stepsPerSecond(pace);
	if (speed === undefined || pace.sinceMs === undefined || pace.lastMs === undefined) {
		return undefined;
	}

	const besidesMs = pace.steps > 0 ? Math.max(0, pace.lastMs - pace.sinceMs - pace.busyMs) / pace.steps : 0;
	return steps * (1 / speed + besidesMs / 1000);
}
