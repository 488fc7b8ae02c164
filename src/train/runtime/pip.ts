import {mkdir, readdir, rename, rm, stat} from 'node:fs/promises';
import path from 'node:path';
import {lastLines, run} from './command.ts';
import {diskFull} from './disk.ts';
import {byteProgress, within, type Share, type Tell} from './progress.ts';
import {SetupError} from './setup-error.ts';
import {installCommand} from './system-packages.ts';
import {pipArguments, wheelFile, type Wheel} from './wheel.ts';

/** Has pip put the wheel into a folder. What came is not checked yet. @throws SetupError */
export async function downloadByPip(wheel: Wheel, folder: string, tell: Tell, share?: Share): Promise<void> {
	await requirePip();
	// pip writes to its temporary folder first and moves at the end: with our own one we can see it grow, and all is on one disk.
	const temporary = path.join(folder, 'pip');
	// The pip of a set-up that was killed may still be writing there.
	const clear = async () => rm(temporary, {recursive: true, force: true, maxRetries: 5});
	await clear();
	await mkdir(temporary, {recursive: true});
	const progress = byteProgress(`Downloading ${wheel.name} ${wheel.version}`, wheel.bytes, share ? within(share, tell) : tell);
	progress(0);
	const watch = setInterval(() => void largestIn(temporary).then(progress), 250);
	const env = {...process.env, TMPDIR: temporary, PIP_PROGRESS_BAR: 'off', PIP_REQUIRE_VIRTUALENV: '0'};
	try {
		const {exitCode, output} = await run('python3', pipArguments([wheel], temporary), {env}).finally(() => clearInterval(watch));
		if (exitCode !== 0) throw downloadFailure(wheel, output, folder);
		await rename(path.join(temporary, wheelFile(wheel)), path.join(folder, wheelFile(wheel)));
	} finally {
		await clear();
	}
}

async function requirePip(): Promise<void> {
	const python = await run('python3', ['--version']);
	if (python.exitCode !== 0) throw new SetupError('Python 3 is needed once, to download TensorFlow, and there is no python3.', `${installCommand('python')} && ${installCommand('pip')}`);
	const pip = await run('python3', ['-m', 'pip', '--version']);
	if (pip.exitCode !== 0) throw new SetupError('pip is needed once, to download TensorFlow, and python3 has none.', `${installCommand('pip')}\nOr: python3 -m ensurepip --user`);
}

/** By pip's words, which have been the same for years. It ends each failure with "No matching distribution", so the causes come first. */
function downloadFailure(wheel: Wheel, output: string, folder: string): SetupError {
	const said = lastLines(withoutRepetition(output));
	const byHand = 'bring the wheel by hand: dreambooth setup --wheels FOLDER';
	if (/No space left|ENOSPC|Errno 28/.test(output)) return diskFull(folder);
	if (/CERTIFICATE_VERIFY_FAILED|SSLCertVerificationError|certificate verify failed|invalid path: .*cert/i.test(output)) {
		return new SetupError(`pip does not trust the certificate of its package index.\n${said}`, 'Give it your certificates: python3 -m pip config set global.cert FILE');
	}
	if (/NewConnectionError|ConnectionError|NameResolutionError|name resolution|Name or service not known|Network is unreachable|timed out|ProxyError|Connection refused|Max retries|SSLError/i.test(output)) {
		return new SetupError(`pip cannot reach its package index.\n${said}`, `Connect this machine, or set the proxy (HTTPS_PROXY=...), or ${byHand}`);
	}
	if (/No matching distribution|Could not find a version/.test(output)) {
		return new SetupError(`pip found no ${wheel.project} ${wheel.version} in its package index.\n${said}`, `Check which index pip uses: python3 -m pip config list\nOr ${byHand}`);
	}
	return new SetupError(`pip could not download ${wheel.project} ${wheel.version}.\n${said}`, `Try it by hand to see why: python3 ${pipArguments([wheel], 'FOLDER').join(' ')}\nThen: dreambooth setup --wheels FOLDER`);
}

/** pip says the same of each of its five attempts: the last is enough. */
function withoutRepetition(output: string): string {
	const lines = output.split('\n');
	const lastRetry = lines.findLastIndex(isRetry);
	return lines.filter((line, i) => !isRetry(line) || i === lastRetry).join('\n');
}

const isRetry = (line: string): boolean => line.startsWith('WARNING: Retrying');

/** Size of the largest file: at its end pip copies what it has downloaded. */
async function largestIn(folder: string): Promise<number> {
	const names = await readdir(folder, {recursive: true}).catch(() => []);
	const sizes = await Promise.all(names.map(async name => stat(path.join(folder, name)).then(found => (found.isFile() ? found.size : 0), () => 0)));
	return Math.max(0, ...sizes);
}
