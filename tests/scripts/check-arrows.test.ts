import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {checkArrows} from '../../scripts/check-arrows.mjs';

let root: string;

beforeEach(() => {
	root = fs.mkdtempSync(path.join(os.tmpdir(), 'arrows-'));
});

afterEach(() => {
	fs.rmSync(root, {recursive: true});
});

function write(file: string, text: string): void {
	fs.mkdirSync(path.dirname(path.join(root, file)), {recursive: true});
	fs.writeFileSync(path.join(root, file), text);
}


test('this program keeps the arrows between its rooms', () => {
	expect(checkArrows('.')).toEqual([]);
});

test('the command prints what is wrong and fails', () => {
	const check = () => spawnSync(process.execPath, ['scripts/check-arrows.mjs', root], {encoding: 'utf8'});
	write('src/presets/x.ts', '');
	expect(check()).toMatchObject({status: 0, stdout: ''});
	write('src/presets/x.ts', "import '../train/index.ts';");
	expect(check()).toMatchObject({status: 1, stdout: expect.stringContaining('src/presets/x.ts:1')});
});

test.each([
	['presets imports train', 'src/presets/settings/x.ts', '../../train/protocol/index.ts'],
	['presets imports tui', 'src/presets/x.ts', '../tui/index.ts'],
	['presets imports React', 'src/presets/x.ts', 'react'],
	['presets imports TensorFlow', 'src/presets/x.ts', '@tensorflow/tfjs'],
	['train imports tui', 'src/train/nn/x.ts', '../../tui/index.ts'],
	['train imports cli', 'src/train/x.ts', '../cli/watch.ts'],
	['train imports React', 'src/train/x.ts', 'react/jsx-runtime'],
	['train imports an Ink package', 'src/train/x.ts', 'ink-form'],
	["tui imports train's door", 'src/tui/x.tsx', '../train/index.ts'],
	['tui imports another room of train', 'src/tui/dashboard/x.tsx', '../../train/data/index.ts'],
	['tui imports a file of the protocol', 'src/tui/x.tsx', '../train/protocol/events.ts'],
	['tui imports TensorFlow', 'src/tui/x.tsx', '@tensorflow/tfjs'],
	['tui imports cli', 'src/tui/x.tsx', '../cli/verbs.ts'],
	['a room is not entered by its door', 'src/train/x/y.ts', '../nn/linear.ts'],
	['presets is not entered by its door', 'src/train/x.ts', '../presets/parse.ts'],
	['the command line passes by a door', 'src/cli/x.ts', '../train/runtime/setup.ts'],
])('is told when %s', (_, file, specifier) => {
	for (const statement of [`import {a} from '${specifier}';`, `import type {\n\tA,\n} from '${specifier}';`, `export * from '${specifier}';`, `const a = await import('${specifier}');`, `import '${specifier}';`]) {
		write(file, `// A comment.\n${statement}\n`);
		expect(checkArrows(root)).toEqual([expect.stringMatching(new RegExp(`^${file}:\\d: import of '${specifier.replaceAll('.', '\\.')}': .*\\.$`))]);
	}
});

test.each([
	['train imports presets', 'src/train/nn/x.ts', '../../presets/index.ts'],
	["tui imports train's protocol", 'src/tui/dashboard/x.tsx', '../../train/protocol/index.ts'],
	['tui imports presets and React', 'src/tui/x.tsx', '../presets/index.ts'],
	['the command line opens a door within a room', 'src/cli/x.ts', '../train/runtime/index.ts'],
	['a room opens the door of the next', 'src/train/x/y.ts', '../nn/index.ts'],
	['a file imports its neighbour', 'src/train/nn/x.ts', './linear.ts'],
	['a file imports one of the room around it', 'src/train/nn/deep/x.ts', '../../engine.ts'],
	['any room asks where the package is', 'src/train/x.ts', '../package-root.ts'],
])('has nothing against it when %s', (_, file, specifier) => {
	write(file, `import {a} from '${specifier}';\n`);
	expect(checkArrows(root)).toEqual([]);
});
