import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {sourcesFingerprint} from '../../scripts/bootstrap/built.mjs';
import {countTests} from '../../scripts/bootstrap/checks.mjs';
import {areInstalled, wantedPackages} from '../../scripts/bootstrap/dependencies.mjs';
import {npmFailure} from '../../scripts/bootstrap/failure.mjs';

let root: string;

beforeEach(() => {
	root = fs.mkdtempSync(path.join(os.tmpdir(), 'bootstrap-'));
});

afterEach(() => {
	fs.rmSync(root, {recursive: true});
});

const write = (file: string, content: string | object) => {
	fs.mkdirSync(path.dirname(path.join(root, file)), {recursive: true});
	fs.writeFileSync(path.join(root, file), typeof content === 'string' ? content : JSON.stringify(content));
};

describe('dependencies', () => {
	const locked = {
		'': {version: '0.1.0'},
		'node_modules/left': {version: '1.0.0', integrity: 'sha512-a'},
		'node_modules/native-x64': {version: '1.0.0', integrity: 'sha512-b', optional: true, os: ['linux'], cpu: ['x64']},
		'node_modules/native-arm': {version: '1.0.0', integrity: 'sha512-c', optional: true, os: ['linux'], cpu: ['arm64']},
	};
	const wanted = wantedPackages(locked, {platform: 'linux', arch: 'x64'});
	const installed = (packages: object, folders: readonly string[] = Object.keys(packages)) => {
		write('node_modules/.package-lock.json', {packages});
		folders.forEach(folder => write(`${folder}/package.json`, '{}'));
		return areInstalled(root, wanted);
	};

	test('are those of this machine', () => {
		expect([...wanted.keys()]).toEqual(['node_modules/left', 'node_modules/native-x64']);
	});

	test('are there when npm has installed what the lockfile says', () => {
		const {'node_modules/left': left, 'node_modules/native-x64': native} = locked;
		expect(installed({'node_modules/left': left, 'node_modules/native-x64': native})).toBe(true);
	});

	test.each([
		['another version', {'node_modules/left': {...locked['node_modules/left'], version: '0.9.0'}, 'node_modules/native-x64': locked['node_modules/native-x64']}],
		['other content', {'node_modules/left': {...locked['node_modules/left'], integrity: 'sha512-x'}, 'node_modules/native-x64': locked['node_modules/native-x64']}],
		['those of another machine', {'node_modules/left': locked['node_modules/left'], 'node_modules/native-arm': locked['node_modules/native-arm']}],
	])('are not there with %s', (_, packages) => {
		expect(installed(packages)).toBe(false);
	});

	test('are not there before npm has ended, nor when a folder was removed', () => {
		expect(areInstalled(root, wanted)).toBe(false);
		const {'node_modules/left': left, 'node_modules/native-x64': native} = locked;
		expect(installed({'node_modules/left': left, 'node_modules/native-x64': native}, ['node_modules/left'])).toBe(false);
	});
});

describe('the build', () => {
	beforeEach(() => {
		write('package-lock.json', '{}');
		write('scripts/build.mjs', '');
		write('src/cli.ts', 'a');
	});

	test.each([
		['a file has changed', () => write('src/cli.ts', 'ab')],
		['a file is new', () => write('src/train/new.ts', '')],
		['a file is gone', () => fs.rmSync(path.join(root, 'src/cli.ts'))],
		['the dependencies have changed', () => write('package-lock.json', '{"a": 1}')],
		['an older version was put in its place', () => fs.utimesSync(path.join(root, 'src/cli.ts'), 1e9, 1e9)],
	])('is made again when %s', (_, change) => {
		const before = sourcesFingerprint(root);
		expect(sourcesFingerprint(root)).toBe(before);
		change();
		expect(sourcesFingerprint(root)).not.toBe(before);
	});
});

describe('npm', () => {
	test.each([
		['npm error code ENOTFOUND\nnpm error network request to https://r.example/zod failed', /cannot be reached/, /https-proxy/],
		['npm error code ECONNREFUSED', /cannot be reached/, /Check the network/],
		['npm error code SELF_SIGNED_CERT_IN_CHAIN\nnpm error request to https://r.example failed', /certificate/, /cafile/],
		['npm error code E401\nnpm error Unable to authenticate', /refuses access/, /npm login/],
		['npm error code E404\nnpm error 404 Not Found', /lacks a package/, /npm config get registry/],
		['npm error code ENOSPC\nnpm error nospc There appears to be insufficient space', /disk is full/, /Free some room/],
		['npm error code EINTEGRITY\nnpm error sha512-E401/CERT== integrity checksum failed', /checksum mismatch/, /npm cache clean/],
		['npm error code EACCES', /may not write/, /chown/],
		['npm error code EUSAGE\nnpm error `npm ci` can only install packages when in sync', /do not fit together/, /npm install/],
		['npm error something nobody has seen', /could not install/, /npm ci/],
	])('that says %j is explained, and quoted', (output, message, action) => {
		const failure = npmFailure(`${output}\nnpm error A complete log of this run can be found in: /x`);
		expect(failure.message).toMatch(message);
		expect(failure.message).toContain(output.split('\n')[0]);
		expect(failure.message).not.toContain('complete log');
		expect(failure.action).toMatch(action);
	});
});

describe('the count of the tests', () => {
	const report = {numPassedTests: 7, numFailedTests: 0, numPendingTests: 1, testResults: [{status: 'passed', assertionResults: [{}]}]};

	test('is that of the report', () => {
		expect(countTests(0, report)).toEqual({passed: 7, failed: 0, skipped: 1});
		expect(countTests(1, {...report, numFailedTests: 2})).toEqual({passed: 7, failed: 2, skipped: 1});
	});

	test('counts a file that could not be loaded', () => {
		expect(countTests(1, {...report, testResults: [{status: 'failed', assertionResults: []}]})).toMatchObject({failed: 1});
	});

	test('is never without a failure when vitest has failed', () => {
		expect(countTests(1, report)).toMatchObject({failed: 1});
		expect(countTests(137, undefined)).toEqual({passed: 0, failed: 1, skipped: 0});
	});
});

describe('a start', () => {
	beforeEach(() => {
		fs.cpSync('scripts', path.join(root, 'scripts'), {recursive: true});
		write('package.json', {name: 'dreambooth-tui', type: 'module'});
		write('package-lock.json', {packages: {'node_modules/left': {version: '1.0.0'}}});
		write('src/cli.ts', '');
		write('scripts/build.mjs', `
			import fs from 'node:fs';
			import {builtFile, sourcesFingerprint} from './bootstrap/built.mjs';
			fs.mkdirSync('dist');
			fs.writeFileSync('dist/cli.js', 'console.log(JSON.stringify([process.argv.slice(2), process.env.NODE_ENV]))');
			fs.writeFileSync(builtFile('.'), sourcesFingerprint('.'));
		`);
	});

	/** Starts it with the given program for npm. */
	const start = (npm: string, ...nodeArguments: string[]) => {
		write('npm-cli.js', npm);
		const {NODE_ENV: _, ...environment} = process.env;
		return spawnSync(process.execPath, [...nodeArguments, path.join(root, 'scripts/bootstrap.mjs'), 'start', '--version'], {cwd: os.tmpdir(), encoding: 'utf8', env: {...environment, npm_execpath: path.join(root, 'npm-cli.js')}});
	};

	const goodNpm = `
		import fs from 'node:fs';
		fs.mkdirSync('node_modules/left', {recursive: true});
		fs.writeFileSync('node_modules/.package-lock.json', JSON.stringify({packages: {'node_modules/left': {version: '1.0.0'}}}));
		fs.appendFileSync('asked.txt', process.argv.slice(2).join(' ') + '\\n');
	`;

	test('installs and builds once, and hands the program what was typed', () => {
		const [first, second] = [start(goodNpm), start(goodNpm)];
		expect(first).toMatchObject({status: 0, stdout: '[["--version"],"production"]\n', stderr: expect.stringMatching(/Installed 1 packages\.\nBuilding the program\.\n$/)});
		expect(second).toMatchObject({status: 0, stdout: first.stdout, stderr: ''});
		expect(fs.readFileSync(path.join(root, 'asked.txt'), 'utf8')).toMatch(/^ci --include=dev --include=optional .*\n$/);
	});

	test('without a network says so and what to do, and tries nothing else', () => {
		const {status, stdout, stderr} = start("process.stderr.write('npm error code ENOTFOUND\\n'); process.exitCode = 1;");
		expect(stderr).toMatch(/^Installing dependencies .*: 0 of 1 packages\nerror: The package registry cannot be reached\.\n {2}npm error code ENOTFOUND\nWhat to do: Check the network/);
		expect({status, stdout}).toEqual({status: 1, stdout: ''});
	});

	test('with sources that cannot be built says where they are wrong', () => {
		write('scripts/build.mjs', "console.error('src/cli.ts:1: what is this'); process.exitCode = 1;");
		expect(start(goodNpm)).toMatchObject({status: 1, stderr: expect.stringMatching(/error: The program could not be built\.\nsrc\/cli\.ts:1: what is this\nWhat to do: /)});
	});

	test('on an old Node names the one that is needed', () => {
		const old = 'data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"18.19.1"}})';
		const {status, stderr} = start(goodNpm, '--import', old);
		expect(stderr).toMatch(/^error: This is Node 18\.19\.1; .*20\.19.*\nWhat to do: .*nvm install/);
		expect(status).toBe(1);
	});
});
