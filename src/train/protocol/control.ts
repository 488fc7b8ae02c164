import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import * as z from 'zod';
import {commandSchema, type Command} from './commands.ts';
import {RunNotRunningError} from './errors.ts';
import {readRun} from './run-record.ts';

/** What the runner says to a command: accepted or not, in a sentence for the person. */
const replySchema = z.object({ok: z.boolean(), message: z.string()});
export type Reply = z.infer<typeof replySchema>;

/** The kernel's limit for the path of a unix socket is 108 bytes, ending zero included. */
const longestSocketPath = 100;
const longestLine = 64 * 1024;

export interface ControlServer {
	/** The real path of the socket. */
	readonly socket: string;
	close(): Promise<void>;
}

/** Listens for commands on the control socket, which only its owner can open, and answers each line with one line. */
export async function serveControl(runFolder: string, answer: (command: Command) => Reply): Promise<ControlServer> {
	const connections = new Set<net.Socket>();
	const server = net.createServer(connection => {
		connections.add(connection);
		connection.on('close', () => connections.delete(connection));
		// A person who left before the answer came is no trouble.
		connection.on('error', () => connection.destroy());
		onLines(connection, line => connection.write(`${JSON.stringify(answerLine(line, answer))}\n`));
	});
	const socket = await listen(server, runFolder);
	return {
		socket,
		async close() {
			for (const connection of connections) {
				// Its answer is written out; a reader that sleeps must not keep the run.
				connection.destroySoon();
			}

			await new Promise<void>(resolve => server.close(() => resolve()));
			if (path.dirname(socket) !== runFolder) {
				fs.rmSync(path.dirname(socket), {recursive: true, force: true});
			}
		},
	};
}

/** Listens in the run folder, or in a new private folder when the path is too long or the file system holds no sockets. Returns the path. */
async function listen(server: net.Server, runFolder: string): Promise<string> {
	const wanted = path.join(runFolder, 'control.sock');
	if (Buffer.byteLength(wanted) <= longestSocketPath) {
		try {
			fs.rmSync(wanted, {force: true});
			await listenAt(server, wanted);
			return wanted;
		} catch {
			// Some network file systems: the other place is left to try, and its error says why when that fails too.
		}
	}

	// The folder for temporary files first: $XDG_RUNTIME_DIR goes when the person logs out, which a run outlives.
	const places = [os.tmpdir(), process.env.XDG_RUNTIME_DIR ?? '', '/tmp'];
	const short = places.find(place => fs.existsSync(place) && Buffer.byteLength(path.join(place, 'dreambooth-XXXXXX', 'control.sock')) <= longestSocketPath);
	const socket = path.join(fs.mkdtempSync(path.join(short ?? '/tmp', 'dreambooth-')), 'control.sock');
	await listenAt(server, socket);
	return socket;
}

async function listenAt(server: net.Server, socket: string): Promise<void> {
	await new Promise<void>((resolve, reject) => {
		server.once('error', reject);
		// The socket is made within this call: its mode is right from the first moment on, not only after a chmod.
		const mask = process.umask(0o177);
		server.listen(socket, () => {
			server.off('error', reject);
			resolve();
		});
		process.umask(mask);
	});
}

function answerLine(line: string, answer: (command: Command) => Reply): Reply {
	let json: unknown;
	try {
		json = JSON.parse(line);
	} catch {
		return {ok: false, message: 'A command is one line of JSON, such as {"type": "pause"}.'};
	}

	const command = commandSchema.safeParse(json);
	return command.success ? answer(command.data) : {ok: false, message: `This is no command of this version:\n${z.prettifyError(command.error)}`};
}

/**
 * Gives a command to the runner of a run.
 * @throws RunNotRunningError when nobody listens or nobody answers within `timeoutMs`
 */
export async function sendCommand(runFolder: string, command: Command, {timeoutMs = 10_000} = {}): Promise<Reply> {
	const {record} = readRun(runFolder);
	const line = await ask(record.socket ?? path.join(runFolder, 'control.sock'), JSON.stringify(command), timeoutMs);
	if (line === undefined) {
		throw new RunNotRunningError(`Run ${record.id} is not running: nobody listens to its control socket.`, `Continue it from its last checkpoint with: dreambooth resume ${record.id}`);
	}

	return replySchema.parse(JSON.parse(line));
}

/** The answer to one line; undefined when there is none. */
async function ask(socket: string, line: string, timeoutMs: number): Promise<string | undefined> {
	return new Promise(resolve => {
		const connection = net.connect(socket);
		const end = (answer?: string) => {
			connection.destroy();
			resolve(answer);
		};

		connection.setTimeout(timeoutMs, end);
		connection.on('error', () => end());
		connection.on('close', () => end());
		connection.on('connect', () => connection.write(`${line}\n`));
		onLines(connection, end);
	});
}

function onLines(connection: net.Socket, take: (line: string) => void): void {
	let rest = '';
	connection.setEncoding('utf8');
	connection.on('data', (text: string) => {
		const lines = (rest + text).split('\n');
		rest = lines.pop()!;
		lines.forEach(take);
		if (rest.length > longestLine) {
			connection.destroy();
		}
	});
}
