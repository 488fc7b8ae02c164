import {mkdir} from 'node:fs/promises';
import path from 'node:path';
import {recognizeTensors} from '../../presets/index.ts';
import {requireRoom} from '../disk-room.ts';
import {DIFFUSERS_LORA} from '../lora-output.ts';
import {elementCount, mainType, openLora, openSafetensors, writeLora, type LoraLayout} from '../weights/index.ts';
import type {Conversion, Made} from './conversion.ts';

/** A LoRA in kohya's names becomes one in diffusers' names and the other way round, whatever it was made for. */
export async function convertLora({source, target, dtype, layout: wanted, alpha}: Conversion, tell: (share: number) => void): Promise<Made> {
	const lora = await openLora(source, undefined, {alpha});
	try {
		const file = await openSafetensors(source);
		await file.close();
		const toFile = target.endsWith('.safetensors');
		const layout = wanted ?? (toFile ? otherLayout(recognizeTensors(file.tensors).layout) : 'diffusers');
		const written = toFile ? target : path.join(target, DIFFUSERS_LORA);
		const bytes = [...file.tensors.values()].reduce((sum, {shape}) => sum + 4 * elementCount(shape), 0);
		requireRoom(path.dirname(written), bytes, 'The converted LoRA');
		await mkdir(path.dirname(written), {recursive: true});
		const {overflows} = await writeLora(written, layout, lora.modules, {dtype, metadata: carried(lora.metadata)});
		tell(1);
		const untold = layout === 'kohya' && alpha === undefined && ![...file.tensors.keys()].some(name => name.endsWith('.alpha')) && !file.metadata.has(ADAPTER_METADATA);
		return {
			written, form: layout === 'kohya' ? 'LoRA in kohya\'s names' : 'LoRA in diffusers\' names', dtypes: [dtype ?? mainType(file)], overflows,
			warnings: untold ? ['The file does not tell its alpha, so it is taken to be the rank, as diffusers does. If it was trained with another one, give it with --alpha.'] : [],
		};
	} finally {
		await lora.close();
	}
}

const otherLayout = (layout: string): LoraLayout => (layout === 'kohya' ? 'diffusers' : 'kohya');

const ADAPTER_METADATA = 'lora_adapter_metadata';

/** What describes the names and numbers of the old file is not carried over. */
const carried = (metadata: ReadonlyMap<string, string>): Record<string, string> =>
	Object.fromEntries([...metadata].filter(([key]) => ![ADAPTER_METADATA, 'modelspec.hash_sha256', 'sshs_model_hash', 'sshs_legacy_hash'].includes(key)));
