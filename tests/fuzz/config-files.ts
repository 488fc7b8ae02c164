import {cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {defaultConcept, defaultConfig, importForeign, PresetStore, readConceptList, readConfigFile, readModelFacts} from '../../src/presets/index.ts';
import {loadTokenizer, tokenizePrompt} from '../../src/train/models/index.ts';
import {networkTensors, openModelFolder} from '../../src/train/weights/index.ts';
import {Dice} from './dice.ts';
import {judge} from './judge.ts';
import {mutateText} from './mutations.ts';

/** A file that may be wrong, and all that reads it. */
interface Target {
	readonly file: string;
	readonly text: string;
	read(): Promise<void> | void;
}

const modelFiles = ['model_index.json', 'unet/config.json', 'vae/config.json', 'text_encoder/config.json', 'scheduler/scheduler_config.json', 'unet/diffusion_pytorch_model.safetensors.index.json'];
const tokenizerFiles = ['vocab.json', 'tokenizer_config.json', 'tokenizer.json'];

function targets(place: string): Target[] {
	const model = path.join(place, 'model');
	cpSync(path.join(import.meta.dirname, '../fixtures/formats/pipeline'), model, {recursive: true});
	// The UNet's weights come in one shard, so that its index is read.
	const shard = 'diffusion_pytorch_model-00001-of-00001.safetensors';
	cpSync(path.join(model, 'unet/diffusion_pytorch_model.safetensors'), path.join(model, 'unet', shard));
	rmSync(path.join(model, 'unet/diffusion_pytorch_model.safetensors'));
	writeFileSync(path.join(model, modelFiles.at(-1)!), JSON.stringify({metadata: {total_size: 1}, weight_map: {'conv_in.weight': shard, 'conv_in.bias': shard}}));
	const openModel = async () => {
		readModelFacts(model);
		const opened = await openModelFolder(model);
		await opened.close();
		networkTensors(opened);
	};
	const settings = path.join(place, 'settings');
	mkdirSync(settings);
	const config = {...defaultConfig(), baseModel: 'demo', concepts: [{...defaultConcept(), instanceImages: '/photos', instancePrompt: 'a photo of sks dog'}]};
	const listed = (file: string, text: string, read: () => Promise<void> | void): Target => ({file: path.join(place, file), text, read});
	const tokenizer = (form: readonly string[]) => {
		const folder = path.join(place, `tokenizer-${form.length}`);
		cpSync(path.join(model, 'tokenizer'), folder, {recursive: true});
		for (const file of readdirSync(folder)) if (!form.includes(file)) rmSync(path.join(folder, file));
		return form.filter(file => tokenizerFiles.includes(file)).map(file => listed(path.join(path.basename(folder), file), readFileSync(path.join(folder, file), 'utf8'), () => {
			tokenizePrompt(loadTokenizer(folder), 'a photo of sks dog', {chunks: 1});
		}));
	};
	return [
		...modelFiles.map(file => listed(path.join('model', file), readFileSync(path.join(model, file), 'utf8'), openModel)),
		...tokenizer(['vocab.json', 'merges.txt', 'tokenizer_config.json']),
		...tokenizer(['tokenizer.json', 'tokenizer_config.json']),
		listed('config.json', JSON.stringify(config), async () => {
			const {problems, config: read} = await readConfigFile(path.join(place, 'config.json')) as {problems: readonly {message: string; cure: string}[]; config?: object};
			if (read === undefined && problems.length === 0) throw new Error('neither a config nor a problem');
			if (problems.some(({message, cure}) => message === '' || cure === '')) throw new Error('a problem without words');
		}),
		listed('db_config.json', JSON.stringify({model_name: 'dog', concepts_list: [{instance_data_dir: '/photos', instance_prompt: 'sks dog'}], learning_rate: 2e-6, num_train_epochs: 100, half_model: true, src: 'x.ckpt'}), () => {
			importForeign(path.join(place, 'db_config.json'));
		}),
		listed('concepts.json', JSON.stringify([{instance_data_dir: '/photos', instance_prompt: 'sks dog', class_prompt: 'dog', num_class_images_per: 5, n_save_sample: 1}]), () => {
			const {concepts, problems} = readConceptList(path.join(place, 'concepts.json'));
			if (concepts === undefined && problems.length === 0) throw new Error('neither concepts nor a problem');
		}),
		listed('settings/presets.json', JSON.stringify({presets: [{name: 'mine', config}], recent: {baseModels: ['/x'], imageFolders: []}}), () => {
			new PresetStore({folder: settings}).list();
		}),
	];
}

/** Mutated model configs, tokenizers, training configs, presets. @returns the faults found, each with the number of its case */
export async function fuzzConfigFiles({from, count}: {from: number; count: number}, onCase: (done: number) => void = () => undefined): Promise<string[]> {
	const place = mkdtempSync(path.join(os.tmpdir(), 'fuzz-configs-'));
	const faults: string[] = [];
	try {
		const all = targets(place);
		for (let i = from; i < from + count; i++) {
			const dice = new Dice(i);
			const {file, text, read} = dice.pick(all);
			const bytes = mutateText(text, dice);
			writeFileSync(file, bytes);
			// A config decides how long the reading of the weights' headers beside it is.
			const fault = await judge(read, 2 * bytes.length + 2 ** 17);
			if (fault !== undefined) faults.push(`configs ${i}: ${path.relative(place, file)} ${fault}`);
			writeFileSync(file, text);
			onCase(i - from + 1);
		}
	} finally {
		rmSync(place, {recursive: true, force: true});
	}
	return faults;
}
