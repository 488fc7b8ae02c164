import {createHash} from 'node:crypto';
import {createReadStream, existsSync} from 'node:fs';
import {mkdir, readdir, rename, rm, stat} from 'node:fs/promises';
import path from 'node:path';
import {pipeline} from 'node:stream/promises';
import {lastLines, run} from './command.ts';
import {byteProgress, type Progress} from './progress.ts';
import {SetupError} from './setup-error.ts';
import {installCommand} from './system-packages.ts';
import {downloadFolder, pipArguments, wheel, wheelFile} from './wheel.ts';

export type Tell = (progress: Progress) => void;
const title = `TensorFlow ${wheel.version}`;

/**
 * The wheel, checked against its digest: from the folder the user names, from an earlier download, or by pip.
 * @throws SetupError
 */
export async function obtainWheel(cache: string, {wheels, tell}: {wheels?: string; tell: Tell}): Promise<string> {
	if (wheels !== undefined) return fromFolder(wheels, tell);
	const folder = downloadFolder(cache);
	const file = path.join(folder, wheelFile);
	if (existsSync(file)) {
		if (await isIntact(file, tell)) return file;
		await rm(file);
	}
	await download(folder, tell);
	await verify(file, tell, 'Another file of that name came from the package index. Check which index pip uses: python3 -m pip config list');
	return file;
}

async function fromFolder(folder: string, tell: Tell): Promise<string> {
	const file = path.join(path.resolve(folder), wheelFile);
	if (!existsSync(file)) {
		throw new SetupError(`${folder} does not hold ${wheelFile}.`, `On a machine with network: python3 ${pipArguments('FOLDER').join(' ')}\nThen copy FOLDER here and give it with --wheels.`);
	}
	await verify(file, tell, 'Copy the file again, or download it again on a machine with network.');
	return file;
}

async function download(folder: string, tell: Tell): Promise<void> {
	await requirePip();
	// pip writes to its temporary folder first and moves at the end: with our own one we can see it grow, and the move stays on one disk.
	const temporary = path.join(folder, 'pip');
	await rm(temporary, {recursive: true, force: true});
	await mkdir(temporary, {recursive: true});
	const progress = byteProgress(`Downloading ${title}`, wheel.bytes, tell);
	progress(0);
	const watch = setInterval(() => void bytesIn(temporary).then(progress), 500);
	const {exitCode, output} = await run('python3', pipArguments(temporary), {env: {...process.env, TMPDIR: temporary, PIP_PROGRESS_BAR: 'off'}}).finally(() => clearInterval(watch));
	try {
		if (exitCode !== 0) throw downloadFailure(output, folder);
		await rename(path.join(temporary, wheelFile), path.join(folder, wheelFile));
	} finally {
		await rm(temporary, {recursive: true, force: true});
	}
}

async function requirePip(): Promise<void> {
	const python = await run('python3', ['--version']);
	if (python.exitCode !== 0) throw new SetupError('Python 3 is needed once, to download TensorFlow, and there is no python3.', `${installCommand('python')} && ${installCommand('pip')}`);
	const pip = await run('python3', ['-m', 'pip', '--version']);
	if (pip.exitCode !== 0) throw new SetupError('pip is needed once, to download TensorFlow, and python3 has none.', `${installCommand('pip')}\nOr: python3 -m ensurepip --user`);
}

function downloadFailure(output: string, folder: string): SetupError {
	const said = lastLines(output);
	if (/No space left|ENOSPC|Errno 28/.test(output)) return new SetupError(`The disk of ${folder} is full.`, 'Free 1.3 GB there, or keep the runtime on another disk: DREAMBOOTH_HOME=FOLDER');
	if (/NewConnectionError|ConnectionError|Temporary failure in name resolution|Name or service not known|Network is unreachable|timed out|ProxyError|Connection refused|Max retries/i.test(output)) {
		return new SetupError(`pip cannot reach its package index.\n${said}`, 'Connect this machine, or set the proxy (HTTPS_PROXY=...), or bring the wheel by hand: dreambooth setup --wheels FOLDER');
	}
	if (/SSL|CERTIFICATE/i.test(output)) return new SetupError(`pip does not trust the certificate of its package index.\n${said}`, 'Give it your certificates: python3 -m pip config set global.cert FILE');
	if (/No matching distribution|Could not find a version/.test(output)) {
		return new SetupError(`pip found no ${wheel.project} ${wheel.version} in its package index (or could not reach it).\n${said}`, 'Check the index and the network: python3 -m pip config list\nOr bring the wheel by hand: dreambooth setup --wheels FOLDER');
	}
	return new SetupError(`pip could not download TensorFlow.\n${said}`, `Try it by hand to see why: python3 ${pipArguments('FOLDER').join(' ')}\nThen: dreambooth setup --wheels FOLDER`);
}

async function verify(file: string, tell: Tell, action: string): Promise<void> {
	if (!(await isIntact(file, tell))) throw new SetupError(`${file} is not the file it should be: its SHA-256 differs from ${wheel.sha256}.`, action);
}

async function isIntact(file: string, tell: Tell): Promise<boolean> {
	if ((await stat(file)).size !== wheel.bytes) return false;
	const hash = createHash('sha256');
	const progress = byteProgress(`Checking ${title}`, wheel.bytes, tell);
	let done = 0;
	await pipeline(createReadStream(file), async function* (source: AsyncIterable<Buffer>) {
		for await (const piece of source) {
			hash.update(piece);
			progress((done += piece.length));
			yield;
		}
	}, async source => {
		for await (const _ of source);
	});
	return hash.digest('hex') === wheel.sha256;
}

async function bytesIn(folder: string): Promise<number> {
	const names = await readdir(folder, {recursive: true}).catch(() => []);
	const sizes = await Promise.all(names.map(async name => stat(path.join(folder, name)).then(found => (found.isFile() ? found.size : 0), () => 0)));
	return sizes.reduce((total, size) => total + size, 0);
}
