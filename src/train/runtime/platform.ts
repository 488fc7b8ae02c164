import {existsSync, readFileSync} from 'node:fs';
import {SetupError} from './setup-error.ts';

export interface Platform {
	readonly os: string;
	readonly architecture: string;
	/** Undefined where the C library is another. */
	readonly glibc: string | undefined;
	readonly cpuFlags: ReadonlySet<string>;
}

export function detectPlatform(): Platform {
	// A full report would ask the name server about every open connection.
	Object.assign(process.report, {excludeNetwork: true});
	const report = process.report?.getReport() as {header?: {glibcVersionRuntime?: string}} | undefined;
	const cpuinfo = existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : '';
	return {os: process.platform, architecture: process.arch, glibc: report?.header?.glibcVersionRuntime, cpuFlags: new Set(/^flags\s*:(.*)$/m.exec(cpuinfo)?.[1].trim().split(/\s+/))};
}

/** TensorFlow's library is built for x86-64 Linux with glibc 2.27 and ends the process on a CPU without AVX. @throws SetupError */
export function requirePlatform({os, architecture, glibc, cpuFlags}: Platform = detectPlatform()): void {
	if (os !== 'linux' || architecture !== 'x64') {
		throw new SetupError(`This is ${os} on ${architecture}; TensorFlow's library is for Linux on x86-64.`, 'Run dreambooth on a Linux x86-64 machine, for example over SSH.');
	}
	if (glibc === undefined) throw new SetupError("This system's C library is not glibc (Alpine Linux?), which TensorFlow's library needs.", 'Use a distribution with glibc 2.27 or newer: Debian 10, Ubuntu 18.04, Fedora 28, or a container of one.');
	if (isOlder(glibc, '2.27')) throw new SetupError(`This system has glibc ${glibc}; TensorFlow's library needs 2.27.`, 'Use a newer distribution, or a container of one.');
	if (!cpuFlags.has('avx')) throw new SetupError("This CPU has no AVX, without which TensorFlow's library ends the process.", 'Use a machine from 2012 or later; in a virtual machine pass the CPU through (for example -cpu host).');
}

/** Compares `2.9` and `2.27` as versions. */
export function isOlder(version: string, than: string): boolean {
	const [a, b] = [version, than].map(text => text.split('.').map(Number));
	for (let i = 0; i < b.length; i++) if ((a[i] ?? 0) !== b[i]) return (a[i] ?? 0) < b[i];
	return false;
}
