import path from 'node:path';
import {ops} from '../../src/train/graph/index.ts';
import {decodeLatent, encodeImage} from '../../src/train/models/index.ts';
import {declareParameters} from '../../src/train/nn/index.ts';
import type {Parameters} from '../../src/train/parameters.ts';
import {sampleLatents} from '../../src/train/step.ts';
import {openSafetensors, parseVaeConfig, type SafetensorsFile, type VaeConfig} from '../../src/train/weights/index.ts';
import {allowed, plain, type Arithmetic} from './arithmetic.ts';
import {largestRelativeDifference, relativeL2, type Check, type Section} from './check.ts';
import {evaluate, loadNetwork, readImage, readJson} from './network.ts';

interface CasesJson {
	readonly tolerance: {readonly relative_l2: number};
}

/** Folders, and where their numbers lie: the old key names stand for the same network. */
const folders = {vae: 'vae', 'vae-old-keys': 'vae', 'vae-small-variance': 'vae-small-variance'};

export const autoencoder: Section = {
	title: '4. vae, vae-old-keys, vae-small-variance',
	async *run(fixtures, arithmetic = plain) {
		for (const [folder, numbers] of Object.entries(folders)) yield* autoencoderChecks(path.join(fixtures, folder), path.join(fixtures, numbers), arithmetic);
	},
};

async function* autoencoderChecks(folder: string, numbers: string, arithmetic: Arithmetic): AsyncGenerator<Check> {
	const config = parseVaeConfig(await readJson(folder, 'config.json'));
	const {tolerance} = await readJson<CasesJson>(numbers, 'cases.json');
	const {parameters, check} = await loadNetwork(folder, 'vae', declareAutoencoder(config));
	yield check;
	const cases = await openSafetensors(path.join(numbers, 'cases.safetensors'));
	for (const name of [...cases.tensors.keys()].filter(key => key.endsWith('/image'))) {
		const title = name.slice(0, -'/image'.length);
		for await (const {name, worst} of caseChecks(title, config, parameters, cases, arithmetic)) yield {name: `${path.basename(folder)} ${name}`, worst, tolerance: allowed(arithmetic, 'output', tolerance.relative_l2)};
	}
	if (folder === numbers && cases.tensors.has('clamp/moments')) yield* clampChecks(parameters, cases, tolerance.relative_l2, arithmetic);
	await cases.close();
	parameters.dispose();
}

async function* caseChecks(title: string, config: VaeConfig, parameters: Parameters, cases: SafetensorsFile, arithmetic: Arithmetic): AsyncGenerator<Omit<Check, 'tolerance'>> {
	const read = (name: string) => readImage(cases, `${title}/${name}`);
	const inputs = {image: await read('image'), epsilon: await read('epsilon'), latent: await read('latent')};
	const outputs = evaluate(parameters, inputs, (p, {image, epsilon, latent}) => {
		const moments = encodeImage(config)(p, image);
		return {
			moments,
			latent: ops.scaleBy(sampleLatents(moments, epsilon), config.scalingFactor),
			decoded: decodeLatent(config)(p, ops.scaleBy(latent, 1 / config.scalingFactor)),
		};
	}, arithmetic);
	for (const [name, found] of Object.entries(outputs)) yield {name: `${title}/${name}`, worst: relativeL2(found, (await read(name)).values)};
}

/** Without ε a sample is the mean; around a mean of 0 and with ε = 1 it is the standard deviation. No layer is in it, so that every precision computes it in f32. */
async function* clampChecks(parameters: Parameters, cases: SafetensorsFile, tolerance: number, arithmetic: Arithmetic): AsyncGenerator<Check> {
	const moments = await readImage(cases, 'clamp/moments');
	const [mean, std] = [await readImage(cases, 'clamp/mean'), await readImage(cases, 'clamp/std')];
	const inputs = {
		moments,
		aroundZero: {shape: moments.shape, values: moments.values.map((value, i) => (i % 2 === 0 ? 0 : value))},
		zeros: {shape: mean.shape, values: mean.values.map(() => 0)},
		ones: {shape: std.shape, values: std.values.map(() => 1)},
	};
	const found = evaluate(parameters, inputs, (_, {moments, aroundZero, zeros, ones}) => ({mean: sampleLatents(moments, zeros), std: sampleLatents(aroundZero, ones)}), arithmetic);
	yield {name: 'clamp/mean', worst: relativeL2(found.mean, mean.values), tolerance};
	// From e^-15 to e^10: together the small ones would not count.
	yield {name: 'clamp/std (largest relative difference)', worst: largestRelativeDifference(found.std, std.values), tolerance};
}

export function declareAutoencoder(config: VaeConfig) {
	const side = 2 ** (config.blockOutChannels.length - 1);
	return [
		...declareParameters((p, {image}) => encodeImage(config)(p, image), {image: {shape: [1, side, side, config.inChannels], dtype: 'float32'}}),
		...declareParameters((p, {latent}) => decodeLatent(config)(p, latent), {latent: {shape: [1, 1, 1, config.latentChannels], dtype: 'float32'}}),
	];
}
