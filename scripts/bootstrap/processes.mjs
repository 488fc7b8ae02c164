import {spawn} from 'node:child_process';
import os from 'node:os';

/**
 * Runs Node with this terminal.
 * @param {string[]} args
 * @param {{cwd: string}} options
 * @returns {Promise<number>} its exit code; 128 and more when a signal ended it
 */
export function runNode(args, {cwd}) {
	return new Promise((resolve, reject) => {
		const child = spawn(process.execPath, args, {cwd, stdio: 'inherit'});
		// The terminal gives Ctrl-C to the child as well: what it ends with is the answer.
		const ignore = () => {};
		process.on('SIGINT', ignore);
		child.on('error', reject);
		child.on('close', (code, signal) => {
			process.off('SIGINT', ignore);
			resolve(code ?? 128 + os.constants.signals[signal]);
		});
	});
}

/**
 * Runs a program and keeps what it says.
 * @param {string} command
 * @param {string[]} args
 * @param {{cwd: string}} options
 * @returns {Promise<{code: number | null, output: string}>}
 */
export function capture(command, args, {cwd}) {
	return new Promise((resolve, reject) => {
		const child = spawn(command, args, {cwd, stdio: ['ignore', 'pipe', 'pipe']});
		let output = '';
		child.stdout.on('data', text => (output += text));
		child.stderr.on('data', text => (output += text));
		child.on('error', reject);
		child.on('close', code => resolve({code, output}));
	});
}
