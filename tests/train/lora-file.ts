import path from 'node:path';
import {resolveBaseModel} from '../../src/presets/index.ts';
import {hostsOfModel} from '../../src/train/merge.ts';
import {isTarget, type LoraTargets} from '../../src/train/models/index.ts';
import {normals} from '../../src/train/random.ts';
import {openModelFolder, writeLora, type LoraLayout, type LoraModule} from '../../src/train/weights/index.ts';

/** Adapters for the demo's model with values of their own, as a training might have made them. */
export async function demoLora({targets = 'all', rank = 4, alpha = 2, size = 0.05, seed = 0}: {targets?: LoraTargets; rank?: number; alpha?: number; size?: number; seed?: number} = {}): Promise<LoraModule[]> {
	const folder = await openModelFolder(resolveBaseModel('demo'));
	await folder.close();
	const hosts = hostsOfModel(folder);
	return (['unet', 'textEncoder'] as const).flatMap(network => [...hosts[network]].filter(([module]) => isTarget(network, module, targets)).map(([module, [out, ...inner]]) => {
		const part = (name: string, shape: readonly number[]) => ({shape, read: () => normals(shape.reduce((product, n) => product * n, 1), {seed, stream: `${module}.${name}`}).map(value => size * value)});
		return {network, path: module, rank, alpha, down: part('down', [rank, ...inner]), up: part('up', [out, rank, ...inner.slice(1).map(() => 1)])};
	}));
}

/** Writes them; gives the file. */
export async function demoLoraFile(folder: string, {layout = 'kohya', name = 'lora', ...options}: Parameters<typeof demoLora>[0] & {layout?: LoraLayout; name?: string} = {}): Promise<string> {
	const file = path.join(folder, `${name}.safetensors`);
	await writeLora(file, layout, await demoLora(options), {dtype: 'F32'});
	return file;
}
