import {createHash} from 'node:crypto';
import {mkdir, readFile, stat} from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import {atomicWriteFile, type ModelFolder} from '../weights/index.ts';

/** By the path of a weight file. */
const knownSchema = z.record(z.string(), z.object({size: z.number(), mtimeMs: z.number(), hash: z.string()}));

/**
 * SHA-256 of what encoding depends on: the encoder's weights and the autoencoder's config. Reading the weights takes a second or
 * more, so the result is kept in `folder` with path, size and time of the weight file, and made anew when one of them changes.
 */
export async function autoencoderHash({vae, vaeConfig}: Pick<ModelFolder, 'vae' | 'vaeConfig'>, folder: string): Promise<string> {
	const index = path.join(folder, 'autoencoders.json');
	const status = await stat(vae.path).catch(() => undefined);
	const known = await readKnown(index);
	const found = known[vae.path];
	if (status && found?.size === status.size && found.mtimeMs === status.mtimeMs) return withConfig(found.hash, vaeConfig);

	const hash = createHash('sha256');
	for (const name of [...vae.tensors.keys()].filter(isOfEncoder).sort()) {
		const {dtype, shape} = vae.get(name);
		hash.update(JSON.stringify([name, dtype, shape])).update(await vae.readBytes(name));
	}
	const digest = hash.digest('hex');
	// Weights in shards have no one size and time to be known by.
	if (status?.isFile()) {
		await mkdir(folder, {recursive: true});
		await atomicWriteFile(index, JSON.stringify({...known, [vae.path]: {size: status.size, mtimeMs: status.mtimeMs, hash: digest}}));
	}
	return withConfig(digest, vaeConfig);
}

/** Nothing is known where the file is missing or damaged. */
async function readKnown(file: string): Promise<z.infer<typeof knownSchema>> {
	try {
		return knownSchema.parse(JSON.parse(await readFile(file, 'utf8')));
	} catch {
		return {};
	}
}

const isOfEncoder = (name: string): boolean => /^(encoder|quant_conv)\./.test(name);

const withConfig = (hash: string, config: ModelFolder['vaeConfig']): string => createHash('sha256').update(JSON.stringify([hash, config])).digest('hex');
