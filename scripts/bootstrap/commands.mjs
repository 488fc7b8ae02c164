// The commands of package.json that need a bare checkout and Node only: dependencies, programs, TensorFlow, and then what was asked.
import path from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {ensureBuilt} from './built.mjs';
import {ensureDependencies} from './dependencies.mjs';
import {Failure} from './failure.mjs';
import {runNode} from './processes.mjs';
import {runChecks} from './checks.mjs';

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const program = name => path.join(root, 'dist', `${name}.js`);

const commands = {start, test, golden, fuzz};

/**
 * Runs a command of package.json and leaves its exit code.
 * @param {string} command
 * @param {string[]} rest what was typed after it
 */
export async function run(command, rest) {
	try {
		if (!Object.hasOwn(commands, command)) {
			throw new Failure(`There is no command ${command}.`, `node scripts/bootstrap.mjs ${Object.keys(commands).join('|')}`);
		}

		await ensureDependencies(root);
		await ensureBuilt(root);
		await commands[command](rest);
	} catch (error) {
		if (!(error instanceof Failure)) {
			throw error;
		}

		process.stderr.write(`error: ${error.message}\nWhat to do: ${error.action}\n`);
		process.exitCode = 1;
	}
}

/** Verbs that train, make pictures or decompose weights; no verb starts the demo or the wizard. */
const verbsWithTensorFlow = new Set([undefined, 'demo', 'train', 'resume', 'sample', 'extract']);

/** The program itself, in this process: a second start costs no second start of Node. */
async function start(rest) {
	const asksOnly = rest.some(word => ['-h', '--help', '-V', '--version'].includes(word));
	if (!asksOnly && verbsWithTensorFlow.has(rest.find(word => !word.startsWith('-'))) && !await ensureRuntime()) {
		return;
	}

	process.argv = [process.execPath, program('cli'), ...rest];
	// Before React is imported: its development build keeps a record of every update.
	process.env.NODE_ENV ??= 'production';
	await load('cli');
}

async function test(rest) {
	if (await ensureRuntime()) {
		process.exitCode = await runChecks(root, rest);
	}
}

async function golden(rest) {
	if (await ensureRuntime()) {
		process.exitCode = await runNode(['--import', 'tsx', path.join(root, 'tests/golden/run.ts'), ...rest], {cwd: root});
	}
}

/** Reads files only: it needs no TensorFlow. */
async function fuzz(rest) {
	process.exitCode = await runNode(['--import', 'tsx', path.join(root, 'tests/fuzz/run.ts'), ...rest], {cwd: root});
}

/** Sets TensorFlow up when it is not; false when that failed, which `setup` has explained. */
async function ensureRuntime() {
	const {isReady} = await load('ready');
	if (isReady()) {
		return true;
	}

	process.stderr.write('TensorFlow is not set up yet. This is done once.\n');
	// For the CPU, which the demo is made for: nobody waits for CUDA's 2.9 GB who has not asked for them. The wizard names the command.
	const code = await runNode([program('cli'), 'setup', '--cpu'], {cwd: root});
	process.exitCode = code;
	return code === 0;
}

const load = async name => import(pathToFileURL(program(name)).href);
