import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as z from 'zod';

/**
 * A process, told apart from every other that ever had or will have its number:
 * pids are reused, the start time within one boot is not.
 */
export const processIdentitySchema = z.object({
	pid: z.number().int().positive(),
	/** Field 22 of /proc/<pid>/stat: clock ticks between boot and the start of the process. */
	startTicks: z.number(),
	bootId: z.string(),
	host: z.string(),
});
export type ProcessIdentity = z.infer<typeof processIdentitySchema>;

/** How often a runner says that it lives, and how long after its last word it counts as silent. */
export const heartbeat = {everyMs: 2000, silentAfterMs: 30_000} as const;

const heartbeatFile = (runFolder: string) => path.join(runFolder, 'heartbeat');

export function beat(runFolder: string): void {
	fs.writeFileSync(heartbeatFile(runFolder), `${process.pid}\n`);
}

/** Milliseconds since the run's runner last gave a sign of life; undefined when it never did. */
export function silenceMs(runFolder: string): number | undefined {
	const stat = fs.statSync(heartbeatFile(runFolder), {throwIfNoEntry: false});
	return stat && Math.max(0, Date.now() - stat.mtimeMs);
}

/** The identity of the process that has this pid now; undefined when there is none, or only its zombie. */
export function identify(pid: number): ProcessIdentity | undefined {
	let stat: string;
	try {
		stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
	} catch {
		return undefined;
	}

	// The second field is the program's name in parentheses and may hold anything; the third follows the last parenthesis.
	const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
	return state === 'Z' || state === 'X' ? undefined : {pid, startTicks: Number(rest[18]), bootId: bootId(), host: os.hostname()};
}

/**
 * Is exactly this process alive? A process of another machine that shares the folder cannot be looked at:
 * it counts as alive while the heartbeat in `runFolder` is fresh.
 */
export function isAlive(identity: ProcessIdentity, runFolder: string): boolean {
	if (identity.bootId !== bootId() && identity.host !== os.hostname()) {
		return (silenceMs(runFolder) ?? Infinity) < heartbeat.silentAfterMs;
	}

	const now = identify(identity.pid);
	return now !== undefined && now.startTicks === identity.startTicks && now.bootId === identity.bootId;
}

function bootId(): string {
	return fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}
