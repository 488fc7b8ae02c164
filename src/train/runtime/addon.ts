import {createHash} from 'node:crypto';
import {existsSync, readFileSync} from 'node:fs';
import {mkdir, rename, rm, writeFile} from 'node:fs/promises';
import {createRequire} from 'node:module';
import path from 'node:path';
import {lastLines, run} from './command.ts';
import type {Tell} from './fetch-wheel.ts';
import {SetupError} from './setup-error.ts';
import {installCommand} from './system-packages.ts';

/** The addon inside a runtime folder. */
export const addonFile = (runtime: string): string => path.join(runtime, 'addon', 'tfjs_binding.node');

const keyFile = (runtime: string) => path.join(path.dirname(addonFile(runtime)), 'built-from');
const headerFile = (packageRoot: string) => path.join(packageRoot, 'src', 'train', 'runtime', 'native', 'capture_context.h');

/** Names what the addon is built from: it is built anew when that changes. */
export function addonKey(packageRoot: string): string {
	const {version} = JSON.parse(readFileSync(path.join(packageRoot, 'node_modules', '@tensorflow', 'tfjs-node-gpu', 'package.json'), 'utf8')) as {version: string};
	return `tfjs-node-gpu ${version} ${createHash('sha256').update(readFileSync(headerFile(packageRoot))).digest('hex').slice(0, 12)}`;
}

/** What the addon that is there was built from; undefined when there is none. */
export const builtKey = (runtime: string): string | undefined => (existsSync(keyFile(runtime)) ? readFileSync(keyFile(runtime), 'utf8') : undefined);

/**
 * Compiles the unmodified addon source of tfjs-node-gpu against the unpacked libraries, in place of the binary that its
 * package would download and that no longer exists. N-API 8: one binary serves every supported version of Node.
 * @throws SetupError
 */
export async function buildAddon(runtime: string, packageRoot: string, tell: Tell): Promise<void> {
	tell({what: 'Compiling the TensorFlow addon'});
	const compiler = await findCompiler();
	const require = createRequire(path.join(packageRoot, 'package.json'));
	const source = path.join(path.dirname(require.resolve('@tensorflow/tfjs-node-gpu/package.json')), 'binding');
	const nodeApi = (require('node-api-headers') as {include_dir: string}).include_dir;
	const tensorflow = path.join(runtime, 'tensorflow');
	const stage = `${path.dirname(addonFile(runtime))}.partial`;
	await rm(stage, {recursive: true, force: true});
	await mkdir(stage, {recursive: true});

	const compile = (unit: string) => execute(compiler, [
		'-std=c++17', '-O2', '-fPIC', '-DNAPI_VERSION=8',
		'-include', headerFile(packageRoot),
		`-I${path.join(tensorflow, 'include')}`, `-I${nodeApi}`,
		'-c', path.join(source, `${unit}.cc`), '-o', path.join(stage, `${unit}.o`),
	]);
	const units = ['tfjs_backend', 'tfjs_binding'];
	await Promise.all(units.map(compile));
	await execute(compiler, [
		'-shared', '-o', path.join(stage, 'tfjs_binding.node'), ...units.map(unit => path.join(stage, `${unit}.o`)),
		`-L${tensorflow}`, '-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2', '-Wl,-rpath,$ORIGIN/../tensorflow',
	]);
	for (const unit of units) await rm(path.join(stage, `${unit}.o`));
	await writeFile(path.join(stage, 'built-from'), addonKey(packageRoot));
	const target = path.dirname(addonFile(runtime));
	await rm(target, {recursive: true, force: true});
	await rename(stage, target);
}

/** g++, else clang++. @throws SetupError when there is neither */
export async function findCompiler(): Promise<string> {
	for (const compiler of [process.env.CXX, 'g++', 'clang++']) {
		if (compiler && (await run(compiler, ['--version'])).exitCode === 0) return compiler;
	}
	throw new SetupError('A C++ compiler is needed once, to build the bridge between Node and TensorFlow, and there is no g++.', installCommand('compiler'));
}

async function execute(compiler: string, args: readonly string[]): Promise<void> {
	const {exitCode, output} = await run(compiler, args);
	if (exitCode === 0) return;
	const headers = existsSync('/usr/include/stdlib.h') ? '' : `\nThe C library's headers seem to be missing: ${installCommand('compiler')}`;
	throw new SetupError(`The TensorFlow addon could not be compiled.\n${lastLines(output, 12)}`, `Check that ${compiler} can build C++17 programs (g++ 8 or newer).${headers}`);
}
