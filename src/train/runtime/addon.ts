import {createHash} from 'node:crypto';
import {existsSync, readFileSync} from 'node:fs';
import {mkdir, rename, rm, writeFile} from 'node:fs/promises';
import {createRequire} from 'node:module';
import path from 'node:path';
import {lastLines, run} from './command.ts';
import {diskFull} from './disk.ts';
import {addonFile, cacheFolder} from './folders.ts';
import type {Tell} from './progress.ts';
import {SetupError} from './setup-error.ts';
import {installCommand} from './system-packages.ts';

const keyFile = (runtime: string) => path.join(path.dirname(addonFile(runtime)), 'built-from');
const headerFile = (packageRoot: string) => path.join(packageRoot, 'src', 'train', 'runtime', 'native', 'capture_context.h');

/** Names what the addon is built from: it is built anew when that changes. */
export function addonKey(packageRoot: string): string {
	const {version} = JSON.parse(readFileSync(path.join(packageRoot, 'node_modules', '@tensorflow', 'tfjs-node-gpu', 'package.json'), 'utf8')) as {version: string};
	return `tfjs-node-gpu ${version} ${createHash('sha256').update(readFileSync(headerFile(packageRoot))).digest('hex').slice(0, 12)}`;
}

/** Whether the addon is there and was built from what is here now. */
export const isAddonBuilt = (runtime: string, packageRoot: string): boolean =>
	existsSync(addonFile(runtime)) && existsSync(keyFile(runtime)) && readFileSync(keyFile(runtime), 'utf8') === addonKey(packageRoot);

/**
 * Compiles the unmodified addon source of tfjs-node-gpu against the unpacked libraries, in place of the binary that its
 * package would download and that no longer exists. N-API 8: one binary serves every supported version of Node.
 * @throws SetupError
 */
export async function buildAddon(runtime: string, packageRoot: string, tell: Tell): Promise<void> {
	tell({what: 'Compiling the TensorFlow addon'});
	const {compiler} = await findCompiler();
	const require = createRequire(path.join(packageRoot, 'package.json'));
	const source = path.join(path.dirname(require.resolve('@tensorflow/tfjs-node-gpu/package.json')), 'binding');
	const nodeApi = (require('node-api-headers') as {include_dir: string}).include_dir;
	const tensorflow = path.join(runtime, 'tensorflow');
	const target = path.dirname(addonFile(runtime));
	const stage = `${target}.partial`;
	await rm(stage, {recursive: true, force: true});
	await mkdir(stage, {recursive: true});

	const objects: string[] = [];
	for (const unit of ['tfjs_backend', 'tfjs_binding']) {
		const object = path.join(stage, `${unit}.o`);
		await execute(compiler, [
			'-std=c++17', '-O2', '-fPIC', '-DNAPI_VERSION=8',
			'-include', headerFile(packageRoot),
			`-I${path.join(tensorflow, 'include')}`, `-I${nodeApi}`,
			'-c', path.join(source, `${unit}.cc`), '-o', object,
		]);
		objects.push(object);
	}
	await execute(compiler, [
		'-shared', '-o', path.join(stage, path.basename(addonFile(runtime))), ...objects,
		`-L${tensorflow}`, '-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2', '-Wl,-rpath,$ORIGIN/../tensorflow',
	]);
	for (const object of objects) await rm(object);
	await writeFile(path.join(stage, path.basename(keyFile(runtime))), addonKey(packageRoot));
	await rm(target, {recursive: true, force: true});
	await rename(stage, target);
}

/** The compiler that CXX names, else g++, else clang++, and the first line of what it says of itself. @throws SetupError when there is none */
export async function findCompiler(): Promise<{compiler: string; version: string}> {
	for (const compiler of [process.env.CXX, 'g++', 'clang++']) {
		if (!compiler) continue;
		const {exitCode, output} = await run(compiler, ['--version'], {timeoutMs: 10_000});
		if (exitCode === 0) return {compiler, version: output.split('\n')[0]};
	}
	throw new SetupError('A C++ compiler is needed once, to build the bridge between Node and TensorFlow, and there is no g++.', installCommand('compiler'));
}

async function execute(compiler: string, args: readonly string[]): Promise<void> {
	const {exitCode, output} = await run(compiler, args, {env: {...process.env, LC_ALL: 'C'}});
	if (exitCode === 0) return;
	if (output.includes('No space left on device')) throw diskFull(`${cacheFolder()}, or of temporary files,`);
	const headers = existsSync('/usr/include/stdlib.h') ? '' : `\nThe C library's headers seem to be missing: ${installCommand('compiler')}`;
	throw new SetupError(`The TensorFlow addon could not be compiled.\n${lastLines(output)}`, `Check that ${compiler} can build C++17 programs (g++ 8 or newer).${headers}`);
}
