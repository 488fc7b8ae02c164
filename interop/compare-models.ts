import {openModelFolder} from '../src/train/weights/index.ts';

/** Names of the tensors of a diffusers folder that are absent in another, or have other bytes there. */
export async function differingTensors(ours: string, theirs: string): Promise<string[]> {
	const [one, other] = [await openModelFolder(ours), await openModelFolder(theirs)];
	const differing: string[] = [];
	for (const network of ['unet', 'vae', 'textEncoder'] as const) {
		for (const name of one[network].tensors.keys()) {
			const bytes = other[network].tensors.has(name) ? await other[network].readBytes(name) : new Uint8Array();
			if (!Buffer.from(await one[network].readBytes(name)).equals(bytes)) differing.push(`${network} ${name}`);
		}
	}
	await Promise.all([one.close(), other.close()]);
	return differing;
}
