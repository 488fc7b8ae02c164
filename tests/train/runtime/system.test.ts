import os from 'node:os';
import path from 'node:path';
import {describe, expect, test} from 'vitest';
import {cacheFolder, runtimeFolder} from '../../../src/train/runtime/index.ts';
import {isOlder} from '../../../src/train/runtime/platform.ts';
import {installCommand} from '../../../src/train/runtime/system-packages.ts';

describe('the runtime is kept', () => {
	test('in the user\'s cache folder, as the XDG specification has it', () => {
		expect(cacheFolder({})).toBe(path.join(os.homedir(), '.cache/dreambooth-tui'));
		expect(cacheFolder({XDG_CACHE_HOME: '/big/caches'})).toBe('/big/caches/dreambooth-tui');
		expect(cacheFolder({XDG_CACHE_HOME: 'caches'})).toBe(path.join(os.homedir(), '.cache/dreambooth-tui'));
	});

	test('or where DREAMBOOTH_HOME says, by version', () => {
		expect(runtimeFolder('cpu', {DREAMBOOTH_HOME: '/big', XDG_CACHE_HOME: '/caches'})).toBe('/big/tf-2.21.0-cpu');
		expect(cacheFolder({DREAMBOOTH_HOME: 'here'})).toBe(path.resolve('here'));
	});
});

test.each([
	['2.17', '2.27', true],
	['2.9', '2.27', true],
	['2.27', '2.27', false],
	['2.36', '2.27', false],
	['3.0', '2.27', false],
	['20.9.0', '20.19', true],
	['20.19.0', '20.19', false],
	['22', '20.19', false],
])('%s is older than %s: %s', (version, than, older) => {
	expect(isOlder(version, than)).toBe(older);
});

test.each([
	['ID=debian', 'sudo apt-get install -y g++'],
	['NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"', 'sudo apt-get install -y g++'],
	['ID="rocky"\nID_LIKE="rhel centos fedora"', 'sudo dnf install -y gcc-c++'],
	['ID=endeavouros\nID_LIKE=arch', 'sudo pacman -S --noconfirm gcc'],
	['ID="opensuse-leap"\nID_LIKE="suse opensuse"', 'sudo zypper install -y gcc-c++'],
	['', 'sudo apt-get install -y g++'],
])('the command that installs a compiler fits the distribution: %j', (osRelease, command) => {
	expect(installCommand('compiler', osRelease)).toBe(command);
});
