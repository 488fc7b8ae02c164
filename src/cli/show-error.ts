import {describeFailure} from '../train/protocol/index.ts';
import {exitCodes} from './exit-codes.ts';

/** Errors by kind; all others are `failed`. */
const codes: Readonly<Record<string, number>> = {
	UsageError: exitCodes.usage,
	PresetError: exitCodes.usage,
	RunNotFoundError: exitCodes.run,
	RunNotRunningError: exitCodes.run,
	RunBusyError: exitCodes.run,
	RuntimeMissingError: exitCodes.runtime,
	SetupError: exitCodes.runtime,
};

/** Says an error on one screen of standard error: what, where, what to do next. Returns the exit code that it stands for. */
export function showError(error: unknown): number {
	const {cause, message, action} = isOfSystem(error)
		? {cause: error.name, message: error.message, action: 'See whether the path is right and may be used by you, and whether the disk has room.'}
		: describeFailure(error, {next: '', evidence: 'these lines'});
	const trace = cause === 'defect' && error instanceof Error ? error.stack?.split('\n').slice(1, 8) ?? [] : [];
	process.stderr.write([`error: ${message}`, ...(action === '' ? [] : [`What to do: ${action}`]), ...trace].map(line => `${line}\n`).join(''));
	return codes[cause] ?? exitCodes.failed;
}

function isOfSystem(error: unknown): error is NodeJS.ErrnoException {
	return error instanceof Error && 'syscall' in error && 'code' in error;
}
