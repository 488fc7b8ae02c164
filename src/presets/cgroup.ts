import fs from 'node:fs';
import path from 'node:path';

/** What the control groups of Linux (containers, systemd, batch systems) leave to this process. */
export interface CgroupLimits {
	readonly memoryLimitBytes?: number;
	/** Memory that the group may still take; its file cache that can be dropped counts as free. */
	readonly memoryAvailableBytes?: number;
	/** CPU time per wall time, in cores. */
	readonly cpus?: number;
}

const read = (...names: readonly string[]): string | undefined => {
	try {
		return fs.readFileSync(path.join(...names), 'utf8').trim();
	} catch {
		return undefined;
	}
};

const numberIn = (text: string | undefined): number | undefined => {
	const value = text === undefined || text === '' ? NaN : Number(text);
	return Number.isFinite(value) ? value : undefined;
};

/** A group's own folder and those above it, whose limits hold as well. Inside a container the path may not exist; the mount's root then is the group. */
const foldersUpwards = (mount: string, group: string): readonly string[] => {
	const folders: string[] = [];
	for (let current = group; current !== '/' && current !== '.'; current = path.dirname(current)) {
		folders.push(path.join(mount, current));
	}

	return [...folders, mount];
};

interface Level {
	readonly memoryLimit?: number;
	readonly memoryUsed?: number;
	readonly droppable?: number;
	readonly cpus?: number;
}

const statValue = (text: string | undefined, key: string): number | undefined => numberIn(text?.split('\n').find(line => line.startsWith(`${key} `))?.slice(key.length + 1));

const levelV2 = (folder: string): Level => {
	const [quota, period] = (read(folder, 'cpu.max') ?? '').split(' ').map(numberIn);
	return {
		memoryLimit: numberIn(read(folder, 'memory.max')),
		memoryUsed: numberIn(read(folder, 'memory.current')),
		droppable: statValue(read(folder, 'memory.stat'), 'inactive_file'),
		cpus: quota !== undefined && period ? quota / period : undefined,
	};
};

/** Version 1 writes a number near 2^63 for "no limit". */
const memoryLevelV1 = (folder: string): Level => {
	const limit = numberIn(read(folder, 'memory.limit_in_bytes'));
	return {
		memoryLimit: limit !== undefined && limit < 2 ** 60 ? limit : undefined,
		memoryUsed: numberIn(read(folder, 'memory.usage_in_bytes')),
		droppable: statValue(read(folder, 'memory.stat'), 'total_inactive_file'),
	};
};

const cpuLevelV1 = (folder: string): Level => {
	const quota = numberIn(read(folder, 'cpu.cfs_quota_us'));
	const period = numberIn(read(folder, 'cpu.cfs_period_us'));
	return {cpus: quota !== undefined && quota > 0 && period ? quota / period : undefined};
};

const smallest = (values: readonly (number | undefined)[]): number | undefined => {
	const known = values.filter(value => value !== undefined);
	return known.length > 0 ? Math.min(...known) : undefined;
};

/** Reads the limits of this process's group and all above it. `root` is the root of the file system. */
export const cgroupLimits = (root = '/'): CgroupLimits => {
	const mount = path.join(root, 'sys/fs/cgroup');
	const levels = (read(root, 'proc/self/cgroup') ?? '').split('\n').flatMap(line => {
		const [, controllers, group] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
		if (group === undefined) {
			return [];
		}

		const names = controllers.split(',');
		return [
			...(controllers === '' ? foldersUpwards(mount, group).map(levelV2) : []),
			...(names.includes('memory') ? foldersUpwards(path.join(mount, 'memory'), group).map(memoryLevelV1) : []),
			...(names.includes('cpu') ? foldersUpwards(path.join(mount, 'cpu'), group).map(cpuLevelV1) : []),
		];
	});
	const memoryLimitBytes = smallest(levels.map(({memoryLimit}) => memoryLimit));
	const memoryAvailableBytes = smallest(
		levels.map(({memoryLimit, memoryUsed, droppable}) => (memoryLimit !== undefined && memoryUsed !== undefined ? Math.max(0, memoryLimit - memoryUsed + (droppable ?? 0)) : undefined)),
	);
	const cpus = smallest(levels.map(({cpus}) => cpus));
	return {
		...(memoryLimitBytes === undefined ? {} : {memoryLimitBytes}),
		...(memoryAvailableBytes === undefined ? {} : {memoryAvailableBytes}),
		...(cpus === undefined ? {} : {cpus}),
	};
};
