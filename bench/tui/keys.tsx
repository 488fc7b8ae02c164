// The wizard under a person who never stops typing, as fast as it can be drawn: so many keys on each of its screens that change at
// every key. Prints the heap between them as the last line.
import {createHash} from 'node:crypto';
import {EventEmitter} from 'node:events';
import {mkdtempSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {setImmediate} from 'node:timers/promises';
import {asset, PresetStore, type Hardware} from '../../src/presets/index.ts';
import {App, type Leaving} from '../../src/tui/app.tsx';
import {openRooms} from '../../src/tui/rooms.tsx';
import {showOnScreen} from '../../src/tui/show-on-screen.tsx';
import {capabilities, PictureCache, type Screen} from '../../src/tui/term/index.ts';
import {reduceAnswers, type AnswerAction} from '../../src/tui/wizard/answers.ts';
import {firstAnswers, type StepKey} from '../../src/tui/wizard/index.ts';

const KEYS_A_SCREEN = 2500;
const KEYS_A_MEASURE = 500;
/** A screen is loaded and warm after so many. */
const WARM = 500;

class Keyboard extends EventEmitter {
	readonly isTTY = true;
	#typed: string | null = null;
	type(key: string): void {
		this.#typed = key;
		this.emit('readable');
	}

	read(): string | null {
		const typed = this.#typed;
		this.#typed = null;
		return typed;
	}

	setRawMode(): this {
		return this;
	}

	setEncoding(): void {}
	ref(): void {}
	unref(): void {}
}

class Terminal extends EventEmitter {
	readonly isTTY = true;
	readonly columns = 80;
	readonly rows = 24;
	bytes = 0;
	write(text: string): boolean {
		this.bytes += text.length;
		return true;
	}
}

const folder = mkdtempSync(path.join(os.tmpdir(), 'dreambooth-keys-'));
process.env.DREAMBOOTH_RUNS = path.join(folder, 'runs');
const can = capabilities({TERM: 'xterm-256color', LANG: 'C.UTF-8'}, {terminal: true});
const hardware: Hardware = {cpu: {model: 'CPU', cores: 4}, memory: {totalBytes: 16 * 2 ** 30, availableBytes: 12 * 2 ** 30}, disk: {folder, freeBytes: 2 ** 40}, gpu: {state: 'none'}};
const give = (key: string, value: string): AnswerAction => ({type: 'give', key, value});
const answers = [give('baseModel', asset('demo', 'base')), give('instanceImages', asset('demo', 'photos'))].reduce(reduceAnswers, firstAnswers({subject: 'animal'}));
const two = reduceAnswers(answers, {type: 'add concept', word: 'zwx'});

const [UP, DOWN, ENTER, CLEAR] = ['\u001B[A', '\u001B[B', '\r', '\u0015'];
/** The same at every run, and no word twice. */
const letter = (key: number): string => String.fromCharCode(97 + (createHash('sha256').update(String(key)).digest()[0]! % 26));
/** Ever new words; at the end of each the line is emptied. */
const typing = (key: number): string => (key % 60 === 59 ? CLEAR : letter(key));

interface Part {
	readonly step: StepKey;
	readonly answers: typeof answers;
	readonly before: readonly string[];
	readonly key: (index: number) => string;
}

const parts: Readonly<Record<string, Part>> = {
	memory: {step: 'memory', answers, before: [], key: index => (index % 3 === 2 ? ' ' : index % 40 < 20 ? DOWN : UP)},
	text: {step: 'images', answers, before: [UP, ENTER], key: typing},
	search: {step: 'review', answers, before: ['/'], key: typing},
	concepts: {step: 'images', answers: two, before: [], key: index => (index % 7 < 4 ? DOWN : UP)},
};

const heap = async (): Promise<number> => {
	for (let pass = 0; pass < 3; pass++) {
		await setImmediate();
		globalThis.gc!();
	}

	return process.memoryUsage().heapUsed;
};

/** The heap when the screen is warm and after each measure's keys from there, in MiB; and the bytes sent for a key. */
async function drive({step, answers, before, key}: Part): Promise<{readonly heapMiB: readonly number[]; readonly bytesPerKey: number}> {
	const keyboard = new Keyboard();
	const terminal = new Terminal();
	const heapMiB: number[] = [];
	let bytes = 0;
	await showOnScreen<Leaving>((screen, finish) => {
		void type(screen).finally(() => finish({type: 'quit'}));
		return (
			<App
				pictures={new PictureCache(screen.images, can)} openRooms={async () => openRooms({hardware, store: new PresetStore({folder})})} room={{name: 'wizard', answers, firstStep: step}}
				warnings={[]} start={async () => ''} resume={async () => {}} onLeave={finish}
			/>
		);
	}, {stdin: keyboard as unknown as NodeJS.ReadStream, stdout: terminal as unknown as NodeJS.WriteStream, capabilities: can});

	async function type(screen: Screen): Promise<void> {
		const press = async (typed: string): Promise<void> => {
			const before = terminal.bytes;
			keyboard.type(typed);
			// A few keys change nothing on the screen.
			for (let turn = 0; turn < 20 && terminal.bytes === before; turn++) {
				await setImmediate();
				screen.flush();
			}
		};

		await new Promise(resolve => setTimeout(resolve, 1000));
		for (const typed of before) {
			await press(typed);
			await new Promise(resolve => setTimeout(resolve, 300));
		}

		for (let index = 0; index < WARM + KEYS_A_SCREEN; index++) {
			if (index >= WARM && (index - WARM) % KEYS_A_MEASURE === 0) {
				heapMiB.push(Number((await heap() / 2 ** 20).toFixed(2)));
				bytes ||= terminal.bytes;
			}

			await press(key(index));
		}

		heapMiB.push(Number((await heap() / 2 ** 20).toFixed(2)));
		bytes = terminal.bytes - bytes;
	}

	return {heapMiB, bytesPerKey: Math.round(bytes / KEYS_A_SCREEN)};
}

const results: Record<string, Awaited<ReturnType<typeof drive>>> = {};
for (const [name, part] of Object.entries(parts)) {
	results[name] = await drive(part);
}

rmSync(folder, {recursive: true});
console.log(JSON.stringify({keys: Object.keys(parts).length * KEYS_A_SCREEN, screens: results}));
// The check of a folder may still be waiting for its rest.
process.exit();
