// Bundles the program into dist/: one file per process, with shared chunks, so that `dreambooth` starts fast.
import {mkdir, mkdtemp, readdir, rename, rm, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';
import {builtFile, sourcesFingerprint} from './bootstrap/built.mjs';
import {bundleOptions, programs} from './bundle-options.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const out = path.join(root, 'dist');
const entryPoints = {...programs, ready: 'src/cli/ready.ts'};

// Of what is edited meanwhile, the next start must still see that it has changed.
const fingerprint = sourcesFingerprint(root);
await mkdir(out, {recursive: true});
// As deep as dist/, for the paths in the source maps.
const stage = await mkdtemp(path.join(root, '.dist-'));
try {
	await build({...bundleOptions, entryPoints, outdir: stage, sourcemap: true});

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
