import {readFile} from 'node:fs/promises';
import path from 'node:path';
import {openSafetensors, WeightsError, type SafetensorsFile} from '../../src/train/weights/index.ts';
import type {Check, Section} from './check.ts';

interface LegalContents {
	readonly tensors: Readonly<Record<string, {readonly dtype: string; readonly shape: readonly number[]; readonly values: unknown[]}>>;
	readonly metadata?: Readonly<Record<string, string>>;
}
type Verdict = {readonly expected: 'refuse'} | ({readonly expected: 'accept'} & LegalContents);

const dtypeNames: Readonly<Record<string, string>> = {float32: 'F32', float16: 'F16', bfloat16: 'BF16', int64: 'I64', uint8: 'U8'};

export const safetensorsFiles: Section = {
	title: '14. safetensors-files',
	async *run(fixtures) {
		const folder = path.join(fixtures, 'safetensors-files');
		const {files} = JSON.parse(await readFile(path.join(folder, 'verdicts.json'), 'utf8')) as {files: Record<string, Verdict>};
		for (const [name, verdict] of Object.entries(files)) {
			const opened = await openOrRefuse(path.join(folder, `${name}.safetensors`));
			const worst = verdict.expected === 'refuse' ? Number(opened !== undefined) : await differences(opened, verdict);
			await opened?.close();
			yield {name: `${name}: ${verdict.expected} (number of differences)`, worst, tolerance: 0} satisfies Check;
		}
	},
};

async function openOrRefuse(file: string): Promise<SafetensorsFile | undefined> {
	try {
		return await openSafetensors(file);
	} catch (error) {
		if (error instanceof WeightsError) return undefined;
		throw error;
	}
}

async function differences(file: SafetensorsFile | undefined, {tensors, metadata = {}}: LegalContents): Promise<number> {
	if (file === undefined || file.tensors.size !== Object.keys(tensors).length) return Infinity;
	let count = 0;
	for (const [key, value] of Object.entries(metadata)) count += Number(file.metadata.get(key) !== value);
	for (const [name, expected] of Object.entries(tensors)) {
		const found = file.tensors.get(name);
		if (found === undefined) return Infinity;
		const values = await read(file, name);
		// NaN and infinity are written as texts.
		const numbers = (expected.values as unknown[]).flat(Infinity).map(Number);
		count += Number(found.dtype !== dtypeNames[expected.dtype]);
		count += Number(String(found.shape) !== String(expected.shape));
		count += Number(values.length !== numbers.length || !numbers.every((number, i) => Object.is(values[i], number)));
	}
	return count;
}

async function read(file: SafetensorsFile, name: string): Promise<number[]> {
	const {dtype} = file.get(name);
	if (dtype === 'U8') return [...(await file.readBytes(name))];
	if (dtype === 'I64') return Array.from(new BigInt64Array((await file.readBytes(name)).buffer), Number);
	return [...(await file.readFloat32(name))];
}
