import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {expect, vi} from 'vitest';
import {PresetStore, type Hardware, type TrainingConfig} from '../../src/presets/index.ts';
import {App, type Leaving, type Room} from '../../src/tui/app.tsx';
import {openRooms} from '../../src/tui/rooms.tsx';
import {showOnScreen} from '../../src/tui/show-on-screen.tsx';
import {capabilities, PictureCache, type Capabilities} from '../../src/tui/term/index.ts';
import {FakeKeyboard} from './fake-keyboard.ts';
import {FakeTerminal} from './term/fake-terminal.ts';

/** A machine with 16 GiB and no GPU. */
export const machine: Hardware = {
	cpu: {model: 'Test CPU', cores: 4},
	memory: {totalBytes: 16 * 2 ** 30, availableBytes: 12 * 2 ** 30},
	disk: {folder: '/runs', freeBytes: 100 * 2 ** 30},
	gpu: {state: 'none'},
};

/** The app on a terminal of its own, with a store and runs of its own; closed and cleared away by `close`. */
export class AppWorld {
	readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), 'app-'));
	readonly started: TrainingConfig[] = [];
	readonly resumed: string[] = [];
	readonly keyboard = new FakeKeyboard();
	left: Leaving | undefined;
	terminal = new FakeTerminal(80, 24);
	#closed: Promise<unknown> = Promise.resolve();

	constructor() {
		vi.stubEnv('DREAMBOOTH_RUNS', path.join(this.folder, 'runs'));
	}

	get store(): PresetStore {
		return new PresetStore({folder: this.folder});
	}

	/** `start` says what stands in the way of a run; by default nothing does. */
	open({room = {name: 'home'}, size = [80, 24], can = capabilities({TERM: 'xterm-256color', LANG: 'C.UTF-8'}, {terminal: true}), start = async () => {}, warnings = [], hardware = machine}: {
		room?: Room; size?: readonly [number, number]; can?: Capabilities; start?: () => Promise<void>; warnings?: readonly string[]; hardware?: Hardware;
	} = {}): void {
		this.terminal = new FakeTerminal(...size);
		const {store} = this;
		this.#closed = showOnScreen<Leaving>((screen, finish) => (
			<App
				pictures={new PictureCache(screen.images, can)}
				openRooms={async () => openRooms({hardware, store})} warnings={warnings} room={room} onLeave={finish}
				resume={async runFolder => {
					await start();
					this.resumed.push(runFolder);
				}}
				start={async config => {
					await start();
					this.started.push(config);
					return path.join(this.folder, 'runs', 'new');
				}}
			/>
		), {stdin: this.keyboard as unknown as NodeJS.ReadStream, stdout: this.terminal as unknown as NodeJS.WriteStream, capabilities: can}).then(leaving => {
			this.left = leaving;
		});
	}

	/** The screen once it holds the text; the temporary folder is called WORLD. */
	async see(text: string | RegExp): Promise<string> {
		let seen = '';
		await vi.waitFor(async () => {
			seen = (await this.terminal.screen()).join('\n').replaceAll(this.folder, 'WORLD').replaceAll(/ +$/gm, '');
			expect(seen).toMatch(text);
		}, {timeout: 5000});
		return seen;
	}

	async press(keys: string, then: string | RegExp): Promise<string> {
		this.keyboard.type(keys);
		return this.see(then);
	}

	async ended(): Promise<Leaving | undefined> {
		await this.#closed;
		return this.left;
	}

	async close(): Promise<void> {
		this.keyboard.emit('end');
		await this.#closed;
		vi.unstubAllEnvs();
		fs.rmSync(this.folder, {recursive: true, force: true});
	}
}
