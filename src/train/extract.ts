import {existsSync} from 'node:fs';
import path from 'node:path';
import {readModelFacts} from '../presets/index.ts';
import type {ExtractLora, ExtractionReport, Extraction} from './extract-messages.ts';
import {lowRank} from './low-rank.ts';
import {hostsOfModel, requireSameKind} from './merge.ts';
import {openModelFiles} from './model-files.ts';
import {isTarget} from './models/index.ts';
import {cacheFolder, loadRuntime} from './runtime/index.ts';
import {encodeFloats, modelSpec, WeightsError, writeLora, type FloatType, type LoraModule, type LoraNetwork, type ModelFolder} from './weights/index.ts';

/** Makes a LoRA of the difference of two models, with kohya's names. */
export const extractLora: ExtractLora = async (extraction, tell) => {
	const {target, tuned: tunedSource, base: baseSource} = extraction;
	if (existsSync(target)) throw new WeightsError(`${target} exists already and is not overwritten.`, {action: 'Choose another output name, or move the existing one away.'});
	// On the CPU, where products are exact to 32 bits: a GPU may round their factors to 19.
	loadRuntime({device: 'cpu'});
	const structures = path.join(cacheFolder(), 'structures');
	const base = await openModelFiles(baseSource, structures);
	try {
		const tuned = await openModelFiles(tunedSource, structures);
		try {
			requireSameKind(base, tuned);
			const {modules, ...shares} = await adaptersOf(tuned, base, extraction, share => tell({type: 'progress', share}));
			const {overflows} = await writeLora(target, 'kohya', modules, {dtype: extraction.dtype, metadata: metadataOf(base, extraction)});
			tell({type: 'extracted', report: {...shares, modules: modules.length, overflows: overflows.length}});
		} finally {
			await tuned.close();
		}
	} finally {
		await base.close();
	}
};

async function adaptersOf(tuned: ModelFolder, base: ModelFolder, {rank: wanted, targets}: Extraction, tell: (share: number) => void): Promise<Omit<ExtractionReport, 'modules' | 'overflows'> & {readonly modules: readonly LoraModule[]}> {
	const hosts = hostsOfModel(base);
	const modules: LoraModule[] = [];
	const squares = {all: 0, reached: 0, kept: 0};
	const names = (['unet', 'textEncoder'] as const).flatMap(network => [...base[network].tensors.keys()].map(name => ({network, name})));
	for (const [i, {network, name}] of names.entries()) {
		const difference = await differenceOf(tuned, base, network, name);
		tell((i + 1) / names.length);
		if (difference === undefined) continue;
		const square = difference.reduce((sum, value) => sum + value ** 2, 0);
		squares.all += square;
		const module = name.replace(/\.weight$/, '');
		const shape = hosts[network].get(module);
		if (shape === undefined || name === module || !isTarget(network, module, targets)) continue;
		const [out, ...inner] = shape;
		const columns = difference.length / out;
		const rank = Math.min(wanted, out, columns);
		const {up, down, singularValues} = lowRank(difference, [out, columns], {rank});
		squares.reached += square;
		squares.kept += singularValues.reduce((sum, value) => sum + value ** 2, 0);
		modules.push({network, path: module, rank, alpha: rank, down: {shape: [rank, ...inner], read: () => down}, up: {shape: [out, rank, ...inner.slice(1).map(() => 1)], read: () => up}});
	}
	if (modules.length === 0) {
		throw new WeightsError(`${tuned.unet.path} and ${base.unet.path} have the same weights in every module of the targets "${targets}".`, {
			action: targets === 'all' ? 'Choose the trained model first and the model that it was trained from second.' : 'Choose other models, or --targets all.',
		});
	}
	return {modules, kept: Math.min(1, squares.kept / squares.reached), reached: squares.reached / squares.all, autoencoderDiffers: await autoencodersDiffer(tuned, base)};
}

/** Undefined where there is none: equal numbers, or the same numbers rounded to the type of one of the files. */
async function differenceOf(tuned: ModelFolder, base: ModelFolder, network: LoraNetwork | 'vae', name: string): Promise<Float32Array | undefined> {
	const [a, b] = await Promise.all([tuned, base].map(model => model[network].readFloat32(name)));
	const types = [tuned, base].map(model => model[network].get(name).dtype);
	const narrow = (['BF16', 'F16'] as const).find(type => types.includes(type));
	if (a.every((value, i) => value === b[i]) || (narrow !== undefined && types[0] !== types[1] && sameIn(narrow, a, b))) return undefined;
	return a.map((value, i) => value - b[i]);
}

function sameIn(type: FloatType, a: Float32Array, b: Float32Array): boolean {
	return Buffer.compare(encodeFloats(a, type), encodeFloats(b, type)) === 0;
}

async function autoencodersDiffer(tuned: ModelFolder, base: ModelFolder): Promise<boolean> {
	for (const name of base.vae.tensors.keys()) {
		if ((await differenceOf(tuned, base, 'vae', name)) !== undefined) return true;
	}
	return false;
}

/** What A1111 shows of a LoRA and tells its base model by. */
function metadataOf(base: ModelFolder, {target, rank}: Extraction): Record<string, string> {
	const second = base.textEncoderConfig.hiddenAct === 'gelu';
	const velocity = base.schedulerConfig.predictionType === 'v_prediction';
	const title = path.basename(target, '.safetensors');
	return {
		...modelSpec({...base, title, resolution: readModelFacts(base.folder).resolution, kind: 'lora'}),
		ss_network_module: 'networks.lora',
		ss_network_dim: String(rank),
		ss_network_alpha: String(rank),
		ss_base_model_version: second ? (velocity ? 'sd_v2_v' : 'sd_v2') : 'sd_v1',
		ss_v2: second ? 'True' : 'False',
		ss_output_name: title,
	};
}
