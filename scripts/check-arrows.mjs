// Holds the arrows between the rooms: presets <- train <- tui <- cli, each entered by its door only.
//   node scripts/check-arrows.mjs [FOLDER]    FOLDER holds src/; this repository when left out
import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

/** What each room may import: rooms of ours (or one door of a room), and which packages it must do without. */
const rooms = {
	presets: {opens: [], lacks: ['react', 'ink', '@tensorflow'], why: 'presets imports nothing of ours, and knows neither React nor TensorFlow'},
	train: {opens: ['presets'], lacks: ['react', 'ink'], why: 'train imports presets only, and knows no React'},
	tui: {opens: ['presets', 'train/protocol'], lacks: ['@tensorflow', 'koffi'], why: "the screen imports presets and train's protocol, and never loads TensorFlow"},
	cli: {opens: ['presets', 'train', 'tui'], lacks: [], why: 'the command line imports presets, train and tui'},
};

const fileOfRoot = 'package-root.ts';
const isDoor = file => /(?:^|\/)index\.tsx?$/.test(file);
const isInside = (file, folder) => file.startsWith(`${folder}/`);
/** `react` stands for react/jsx-runtime as well, `ink` for ink-form, `@tensorflow` for all of its packages. */
const isOfPackage = (specifier, name) => specifier === name || specifier.startsWith(`${name}/`) || specifier.startsWith(`${name}-`);

/**
 * @param {string} importer path below src, such as `presets/settings/seed.ts`
 * @param {string} specifier as written in the import
 * @returns {string | undefined} what is wrong with it
 */
export function violation(importer, specifier) {
	const room = importer.split('/')[0];
	const rule = rooms[room];
	if (!specifier.startsWith('.')) {
		const unwanted = rule?.lacks.find(name => isOfPackage(specifier, name));
		return unwanted === undefined ? undefined : `${rule.why}.`;
	}

	const target = path.posix.join(path.posix.dirname(importer), specifier);
	if (rule && !isInside(target, room) && target !== fileOfRoot && !rule.opens.some(open => target === `${open}/index.ts` || isInside(target, open))) {
		return `${rule.why}.`;
	}

	const here = path.posix.dirname(importer);
	const isOwn = here === '.' || isInside(target, here);
	const isAbove = here === path.posix.dirname(target) || isInside(here, path.posix.dirname(target)) || path.posix.dirname(target) === '.';
	return isOwn || isAbove || isDoor(target) ? undefined : 'a room is entered by its door: import its index.ts.';
}

/**
 * @param {string} text of a module
 * @returns {{line: number, specifier: string}[]} all that it imports, types and lazy imports too
 */
export function importsOf(text) {
	const statements = /^[ \t]*(?:import|export)\b[^'";]*?\bfrom\s*'([^']+)'|^[ \t]*import\s*'([^']+)'|\b(?:import|require(?:\.resolve)?)\(\s*'([^']+)'/gm;
	return [...text.matchAll(statements)].map(match => ({
		line: text.slice(0, match.index + match[0].length).split('\n').length,
		specifier: match[1] ?? match[2] ?? match[3],
	}));
}

/**
 * @param {string} root folder that holds src/
 * @returns {string[]} a line for each import that goes against an arrow
 */
export function checkArrows(root) {
	const files = fs.readdirSync(path.join(root, 'src'), {recursive: true, encoding: 'utf8'}).filter(file => /\.tsx?$/.test(file)).sort();
	return files.flatMap(file => importsOf(fs.readFileSync(path.join(root, 'src', file), 'utf8')).flatMap(({line, specifier}) => {
		const wrong = violation(file.split(path.sep).join('/'), specifier);
		return wrong === undefined ? [] : [`src/${file}:${line}: import of '${specifier}': ${wrong}`];
	}));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const violations = checkArrows(path.resolve(process.argv[2] ?? path.join(path.dirname(fileURLToPath(import.meta.url)), '..')));
	violations.forEach(line => process.stdout.write(`${line}\n`));
	process.exitCode = violations.length > 0 ? 1 : 0;
}
