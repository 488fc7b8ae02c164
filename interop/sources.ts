import {execFileSync, spawnSync} from 'node:child_process';
import {existsSync, mkdirSync, symlinkSync} from 'node:fs';
import path from 'node:path';
import {cacheFolder} from '../src/train/runtime/index.ts';

/** Public repositories whose own code reads or writes our files, and the commits that README.md speaks of. None of it is part of this repository. */
const repositories = {
	ComfyUI: {url: 'https://github.com/Comfy-Org/ComfyUI', commit: 'a125cd84b054a57729b5eecab930ca9408719832'},
	'sd-scripts': {url: 'https://github.com/kohya-ss/sd-scripts', commit: '48d368fa557731ad0488c07304dfeba8c07910eb'},
	diffusers: {url: 'https://github.com/huggingface/diffusers', commit: '58eb52c0803ea9af3abec60841c2a093bdf1f951'},
	'stable-diffusion-webui': {url: 'https://github.com/AUTOMATIC1111/stable-diffusion-webui', commit: '82a973c04367123ae98bd9abdf80d9eda9b910e2'},
	// What its own launcher fetches, at the commits that it names.
	stablediffusion: {url: 'https://github.com/Stability-AI/stablediffusion', commit: 'cf1d67a6fd5ea1aa600c4df58e5b47da45f6bdbf'},
	'generative-models': {url: 'https://github.com/Stability-AI/generative-models', commit: '45c443b316737a4ab6e40413d7794a7f5657c19f'},
	'k-diffusion': {url: 'https://github.com/crowsonkb/k-diffusion', commit: 'ab527a9a6d347f364e3d185ba6d714e22d80cb3c'},
} as const;

export type Repository = keyof typeof repositories;

/**
 * The folder of a checkout.
 * @param sources a folder that has it already, under its name; left out, it is fetched into the cache folder, once
 */
export function checkout(name: Repository, sources: string | undefined): string {
	if (sources !== undefined) {
		const given = path.resolve(sources, name);
		if (!existsSync(given)) throw new Error(`${given} is not there: --sources names a folder with checkouts of ${Object.keys(repositories).join(', ')}.`);
		return given;
	}
	const {url, commit} = repositories[name];
	const folder = path.join(cacheFolder(), 'interop-sources', `${name}-${commit.slice(0, 12)}`);
	const git = (...args: readonly string[]) => execFileSync('git', ['-C', folder, ...args], {stdio: ['ignore', 'ignore', 'inherit']});
	mkdirSync(folder, {recursive: true});
	if (!existsSync(path.join(folder, '.git'))) git('init', '--quiet');
	if (spawnSync('git', ['-C', folder, 'cat-file', '-e', commit], {stdio: 'ignore'}).status !== 0) git('fetch', '--quiet', '--depth', '1', url, commit);
	git('checkout', '--quiet', commit);
	return folder;
}

/** The web UI finds others' code in a folder of its own. */
export function checkoutWebUi(sources: string | undefined): string {
	const folder = checkout('stable-diffusion-webui', sources);
	mkdirSync(path.join(folder, 'repositories'), {recursive: true});
	for (const [link, name] of [['stable-diffusion-stability-ai', 'stablediffusion'], ['generative-models', 'generative-models'], ['k-diffusion', 'k-diffusion']] as const) {
		const at = path.join(folder, 'repositories', link);
		if (!existsSync(at)) symlinkSync(checkout(name, sources), at);
	}
	return folder;
}
