import {readdirSync} from 'node:fs';
import path from 'node:path';
import {pathToFileURL} from 'node:url';
import {expect, test} from 'vitest';
import {programs} from '../../../scripts/bundle-options.mjs';
import {inFreshProcess, root} from '../fresh-process.ts';

test('no module loads TensorFlow when it is imported: it reads its settings once, and startEngine has to make them first', () => {
	const entries = new Set(Object.values(programs));
	const modules = readdirSync(path.join(root, 'src/train'), {recursive: true, encoding: 'utf8'}).map(file => `src/train/${file}`).filter(file => file.endsWith('.ts') && !entries.has(file));
	expect(modules).toContain('src/train/step-runner.ts');
	const said = inFreshProcess(`
		import fs from 'node:fs';
		for (const module of ${JSON.stringify(modules.map(file => pathToFileURL(path.join(root, file)).href))}) {
			await import(module);
			if (/libtensorflow/.test(fs.readFileSync('/proc/self/maps', 'utf8'))) throw new Error('TensorFlow was loaded by ' + module);
		}
		console.log('not loaded');
	`);
	expect(said).toContain('not loaded');
});
