import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {
	createRun, EventLog, EventReader, findRun, followEvents, identify, isAlive, latestCheckpoint, listRuns, readEvents, readRun, RunNotFoundError,
	sendCommand, serveControl, summarizeRun, writeRun, type Command, type ProcessIdentity, type Run, type RunEvent,
} from '../../../src/train/protocol/index.ts';
import {requireRoom} from '../../../src/train/disk-room.ts';
import {holdRunFolder} from '../../../src/train/runner-lock.ts';
import {ownRuns, until} from './world.ts';

let runs: ReturnType<typeof ownRuns>;

beforeEach(() => {
	runs = ownRuns();
});

afterEach(() => {
	runs.remove();
});

const newRun = (name: string) => createRun({name, config: {}, versions: {}});
const eventFile = (run: Run) => path.join(run.folder, 'events.jsonl');
const logOf = (run: Run) => new EventLog(run.folder, run.record.createdAt);
const messages = (events: readonly RunEvent[]) => events.map(event => event.type === 'log' ? event.message : event.type);

describe('runs are found', () => {
	test('by id, unique beginning, name and as the last one', () => {
		const [first, second, third] = [newRun('Sks Dög!'), newRun('cat'), newRun('cat')];
		expect(first.record.id).toMatch(/^\d{8}-\d{6}-sks-dog$/);
		expect(findRun(second.record.id).folder).toBe(second.folder);
		expect(findRun('Sks Dög!').folder).toBe(first.folder);
		expect(findRun(first.record.id.slice(0, -2)).folder).toBe(first.folder);
		expect(listRuns().map(run => run.folder)).toContain(third.folder);
		expect(findRun('last').folder).toBe(listRuns().at(-1)!.folder);
	});

	test('or the message says how many begin so, or that there is none', () => {
		expect(() => findRun()).toThrow(/no run yet/);
		const [cat] = [newRun('cat'), newRun('dog')];
		expect(() => findRun(cat.record.id.slice(0, 8))).toThrow(/beginning of 2 runs/);
		expect(() => findRun('bird')).toThrow(RunNotFoundError);
	});

	test('even when two get the same second and name: each has a folder of its own', () => {
		const made = [newRun('cat'), newRun('cat'), newRun('cat')];
		expect(new Set(made.map(run => run.folder)).size).toBe(3);
	});

	test('but not in a folder that holds something else', () => {
		newRun('cat');
		fs.mkdirSync(path.join(runs.folder, 'notes'));
		fs.mkdirSync(path.join(runs.folder, 'broken'));
		fs.writeFileSync(path.join(runs.folder, 'broken/run.json'), '{"version": 1');
		expect(listRuns()).toHaveLength(1);
		expect(() => readRun(path.join(runs.folder, 'broken'))).toThrow(/damaged/);
	});
});

describe('the event log', () => {
	test('gives back what was written, with times that never go back', () => {
		const run = newRun('cat');
		const log = new EventLog(run.folder, Date.now() + 60_000);
		log.append({type: 'log', message: 'one'});
		log.append({type: 'log', message: 'two\nwith a line break and 犬'});
		log.close();
		const events = readEvents(run.folder);
		expect(messages(events)).toEqual(['one', 'two\nwith a line break and 犬']);
		expect(events[0]!.time).toBeGreaterThanOrEqual(run.record.createdAt + 60_000);
		expect(events[1]!.time).toBeGreaterThanOrEqual(events[0]!.time);
	});

	test('with a torn last line is read up to it, and the next writer begins a line of its own', () => {
		const run = newRun('cat');
		const log = logOf(run);
		log.append({type: 'log', message: 'whole'});
		log.close();
		fs.appendFileSync(eventFile(run), '{"time": 99999999999999, "type": "log", "mess');
		expect(messages(readEvents(run.folder))).toEqual(['whole']);
		const next = logOf(run);
		next.append({type: 'log', message: 'after'});
		next.close();
		const reader = new EventReader(run.folder, run.record.createdAt);
		expect(messages(reader.read())).toEqual(['whole', 'after']);
		expect(reader.damaged).toBe(1);
	});

	test('does not believe lines that are older than the run, or no events', () => {
		const run = newRun('cat');
		fs.writeFileSync(eventFile(run), `${JSON.stringify({time: run.record.createdAt - 1, type: 'finished', step: 9, output: 'x'})}\n{"time": 99999999999999, "type": "party"}\n[]\n`);
		expect(readEvents(run.folder)).toEqual([]);
		expect(summarizeRun(run).state).toBe('starting');
	});

	test('does not end a run when the disk is full', () => {
		const run = newRun('cat');
		fs.symlinkSync('/dev/full', eventFile(run));
		const log = logOf(run);
		expect(() => log.append({type: 'log', message: 'nowhere to go'})).not.toThrow();
		log.close();
	});

	test('is followed: the history in one piece, then what is added, a line only when it is whole', async () => {
		const run = newRun('cat');
		const log = logOf(run);
		log.append({type: 'log', message: 'one'});
		log.append({type: 'log', message: 'two'});
		const leave = new AbortController();
		const pieces: string[][] = [];
		const following = (async () => {
			for await (const events of followEvents(run.folder, {signal: leave.signal, everyMs: 5})) {
				pieces.push(messages(events));
			}
		})();
		await until('the history came', () => pieces.length === 1);
		const line = Buffer.from(`${JSON.stringify({time: Date.now() + 5, type: 'log', message: '犬'})}\n`);
		const middle = line.indexOf(0xE7) + 1;
		fs.appendFileSync(eventFile(run), line.subarray(0, middle));
		await new Promise<void>(resolve => {
			setTimeout(resolve, 25);
		});
		expect(pieces).toHaveLength(1);
		fs.appendFileSync(eventFile(run), line.subarray(middle));
		await until('the rest came', () => pieces.length === 2);
		leave.abort();
		await following;
		expect(pieces).toEqual([['one', 'two'], ['犬']]);
		log.close();
	});
});

describe('liveness', () => {
	const own = identify(process.pid)!;

	test('tells a process from another that has its pid now', () => {
		const run = newRun('cat');
		expect(isAlive(own, run.folder)).toBe(true);
		expect(isAlive({...own, startTicks: own.startTicks - 1}, run.folder)).toBe(false);
		expect(isAlive({...own, bootId: 'an earlier boot'}, run.folder)).toBe(false);
		expect(identify(2 ** 22 + 1)).toBeUndefined();
	});

	test('of a process on another machine is the heartbeat in the folder', () => {
		const run = newRun('cat');
		const elsewhere: ProcessIdentity = {...own, bootId: 'another', host: 'another'};
		expect(isAlive(elsewhere, run.folder)).toBe(false);
		fs.writeFileSync(path.join(run.folder, 'heartbeat'), '');
		expect(isAlive(elsewhere, run.folder)).toBe(true);
		fs.utimesSync(path.join(run.folder, 'heartbeat'), new Date(), new Date(Date.now() - 60_000));
		expect(isAlive(elsewhere, run.folder)).toBe(false);
	});

	test('makes a run crashed whose runner is gone, also when its pid lives on in another process', () => {
		const run = newRun('cat');
		const log = logOf(run);
		log.append({type: 'started', runId: run.record.id, pid: 1, device: 'cpu', deviceName: 'none'});
		log.close();
		const recorded = (runner: ProcessIdentity): Run => ({...run, record: {...run.record, runner}});
		writeRun(recorded(own));
		expect(summarizeRun(readRun(run.folder)).state).toBe('running');
		expect(summarizeRun(recorded({...own, startTicks: own.startTicks + 1})).state).toBe('crashed');
	});

	test('of its owner decides who holds a run folder', () => {
		const run = newRun('cat');
		fs.writeFileSync(path.join(run.folder, 'runner-3.lock'), JSON.stringify({...own, startTicks: 1}));
		fs.writeFileSync(path.join(run.folder, 'runner-2.lock'), '');
		expect(holdRunFolder(run.folder).pid).toBe(process.pid);
		expect(fs.readdirSync(run.folder).filter(name => name.endsWith('.lock'))).toEqual(['runner-4.lock']);
		expect(() => holdRunFolder(run.folder)).toThrow(/already at work/);
	});

	test('does not make two owners of a lock that is just being written', () => {
		const run = newRun('cat');
		const lock = path.join(run.folder, 'runner-1.lock');
		fs.writeFileSync(lock, '');
		expect(() => holdRunFolder(run.folder)).toThrow(/already at work/);
		fs.utimesSync(lock, new Date(), new Date(Date.now() - 10_000));
		expect(holdRunFolder(run.folder).pid).toBe(process.pid);
	});
});

describe('the control socket', () => {
	const answer = (command: Command) => ({ok: true, message: `heard ${command.type}`});

	test('can be opened by its owner only, and answers', async () => {
		const run = newRun('cat');
		const control = await serveControl(run.folder, answer);
		expect(fs.statSync(control.socket).mode & 0o777).toBe(0o600);
		expect(await sendCommand(run.folder, {type: 'pause'})).toEqual({ok: true, message: 'heard pause'});
		await control.close();
		await expect(sendCommand(run.folder, {type: 'pause'})).rejects.toMatchObject({message: expect.stringContaining('is not running'), action: expect.stringContaining('resume')});
	});

	test('refuses what is no command, and says why', async () => {
		const run = newRun('cat');
		const control = await serveControl(run.folder, answer);
		const lines = await new Promise<string[]>(resolve => {
			const connection = net.connect(control.socket);
			let text = '';
			connection.on('data', part => {
				text += String(part);
				if (text.split('\n').length === 4) {
					connection.end();
					resolve(text.trim().split('\n'));
				}
			});
			connection.write('{"type": "explode"}\nhello\n{"type": "stop", "when": "tomorrow"}\n');
		});
		expect(lines.map(line => JSON.parse(line))).toMatchObject([
			{ok: false, message: expect.stringContaining('no command')},
			{ok: false, message: expect.stringContaining('one line of JSON')},
			{ok: false, message: expect.stringContaining('when')},
		]);
		await control.close();
	});

	test('is elsewhere when the path of the run folder is too long, and leaves nothing there', async () => {
		const folder = path.join(runs.folder, 'a-long-name-'.repeat(8));
		fs.mkdirSync(folder);
		const run = newRun('cat');
		const long: Run = {folder, record: run.record};
		const control = await serveControl(folder, answer);
		expect(control.socket.startsWith(folder)).toBe(false);
		expect(control.socket.length).toBeLessThan(100);
		expect(fs.statSync(path.dirname(control.socket)).mode & 0o777).toBe(0o700);
		writeRun({...long, record: {...run.record, socket: control.socket}});
		expect(await sendCommand(folder, {type: 'resume'})).toEqual({ok: true, message: 'heard resume'});
		await control.close();
		expect(fs.existsSync(path.dirname(control.socket))).toBe(false);
	});

	test('is elsewhere when the run folder cannot hold it', async () => {
		const run = newRun('cat');
		fs.mkdirSync(path.join(run.folder, 'control.sock'));
		const control = await serveControl(run.folder, answer);
		writeRun({...run, record: {...run.record, socket: control.socket}});
		expect(await sendCommand(run.folder, {type: 'pause'})).toMatchObject({ok: true});
		await control.close();
	});

	test('of a runner that was killed does not hinder the next one', async () => {
		const run = newRun('cat');
		fs.writeFileSync(path.join(run.folder, 'control.sock'), '');
		const control = await serveControl(run.folder, answer);
		expect(await sendCommand(run.folder, {type: 'pause'})).toMatchObject({ok: true});
		await control.close();
	});
});

describe('a checkpoint', () => {
	test('counts when it has its name, and the newest is the one with the most steps', () => {
		const run = newRun('cat');
		expect(latestCheckpoint(run.folder)).toBeUndefined();
		for (const name of ['step-000200', 'step-001000', 'step-000900', '.step-002000.tmp', 'step-3000-unfinished']) {
			fs.mkdirSync(path.join(run.folder, 'checkpoints', name));
		}

		expect(latestCheckpoint(run.folder)).toEqual({step: 1000, folder: path.join(run.folder, 'checkpoints/step-001000')});
	});
});

describe('disk room', () => {
	test('that does not suffice is an error that says what needs how much, and what to do', () => {
		expect(() => requireRoom(path.join(runs.folder, 'not', 'yet', 'there'), 1, 'The checkpoint of step 400')).not.toThrow();
		expect(() => requireRoom(runs.folder, 1e18, 'The checkpoint of step 400')).toThrow(/The checkpoint of step 400 needs 931322574\.6 GiB .* left/);
	});
});
