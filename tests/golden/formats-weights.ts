import {mkdtemp, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {openModelFolder, openNetwork, openSafetensors, openSingleFile, writeModelFolder, writeSingleFile, type SafetensorsFile} from '../../src/train/weights/index.ts';
import {largestDifference, type Check, type Section} from './check.ts';

/** The weights of section 11; the images are another check. */
export const formatsWeights: Section = {
	title: '11. formats (weights)',
	async *run(fixtures) {
		const scratch = await mkdtemp(path.join(os.tmpdir(), 'formats-'));
		try {
			yield* conversions(path.join(fixtures, 'formats', 'pipeline'), path.join(fixtures, 'formats', 'single-file.safetensors'), scratch);
			yield* oldAutoencoder(fixtures);
		} finally {
			await rm(scratch, {recursive: true});
		}
	},
};

async function* conversions(folder: string, reference: string, scratch: string): AsyncGenerator<Check> {
	const model = await openModelFolder(folder);
	const single = path.join(scratch, 'single.safetensors');
	await writeSingleFile(single, model, {dtype: 'F16'});
	const [written, expected] = await Promise.all([single, reference].map(openSafetensors));
	yield {name: 'folder -> single file: tensors', worst: await difference(written, expected), tolerance: 0};
	yield {name: 'folder -> single file: data types', worst: count([...expected.tensors], ([name, {dtype}]) => written.tensors.get(name)?.dtype !== dtype), tolerance: 0};
	await Promise.all([written.close(), expected.close()]);

	const fromSingle = await openSingleFile(single, model);
	const back = path.join(scratch, 'back');
	await writeModelFolder(back, fromSingle, {}, {dtype: 'F16'});
	const copy = path.join(scratch, 'copy');
	await writeModelFolder(copy, model, {}, {dtype: 'F32'});
	for (const [name, target] of [['single file -> folder', back], ['folder -> folder', copy]] as const) {
		const reopened = await openModelFolder(target);
		for (const network of ['unet', 'vae', 'textEncoder'] as const) {
			yield {name: `${name}: ${network}`, worst: await difference(reopened[network], model[network]), tolerance: 0};
		}
		await reopened.close();
	}
	await fromSingle.close();
	await model.close();
}

/** `vae-old-keys` is `vae` under the names of old published files: both have to be the same after opening. */
async function* oldAutoencoder(fixtures: string): AsyncGenerator<Check> {
	const [old, now] = await Promise.all(['vae-old-keys', 'vae'].map(name => openNetwork('vae', path.join(fixtures, name))));
	yield {name: 'old autoencoder names', worst: await difference(old.file, now.file), tolerance: 0};
	await Promise.all([old.file.close(), now.file.close()]);
}

/** Infinity unless names and shapes are the same; otherwise the largest difference of all values. */
async function difference(a: SafetensorsFile, b: SafetensorsFile): Promise<number> {
	if (a.tensors.size !== b.tensors.size) return Infinity;
	let worst = 0;
	for (const [name, {dtype, shape}] of b.tensors) {
		if (String(a.tensors.get(name)?.shape) !== String(shape)) return Infinity;
		const read = (file: SafetensorsFile) => (dtype === 'I64' ? file.readInt32(name) : file.readFloat32(name));
		worst = Math.max(worst, largestDifference(await read(a), await read(b)));
	}
	return worst;
}

const count = <T>(items: readonly T[], test: (item: T) => boolean): number => items.filter(test).length;
