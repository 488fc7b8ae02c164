import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {readModelFacts} from '../../src/presets/index.ts';
import {openModelFiles} from '../../src/train/model-files.ts';
import {hostsOfModel} from '../../src/train/merge.ts';
import {whatIs} from '../../src/train/show/index.ts';
import {openAutoencoderFile, openLora, openModelFolder, openSafetensors, type LoraHosts} from '../../src/train/weights/index.ts';
import {Dice} from './dice.ts';
import {judge} from './judge.ts';
import {mutateBytes, mutateJson} from './mutations.ts';

const fixtures = path.join(import.meta.dirname, '../fixtures');
const bytesOf: Readonly<Record<string, number>> = {U64: 8, I64: 8, F64: 8, F32: 4, U32: 4, I32: 4, BF16: 2, F16: 2, U16: 2, I16: 2, I8: 1, U8: 1, BOOL: 1};

type Shapes = Readonly<Record<string, readonly [dtype: string, ...shape: number[]]>>;

interface Original {
	readonly header: object;
	readonly data: Uint8Array;
}

/** A file of these tensors, whose values count from 0. */
function made(shapes: Shapes, metadata?: Readonly<Record<string, string>>): Original {
	const header: Record<string, unknown> = metadata ? {__metadata__: metadata} : {};
	let end = 0;
	for (const [name, [dtype, ...shape]] of Object.entries(shapes)) {
		const begin = end;
		end += bytesOf[dtype] * shape.reduce((product, n) => product * n, 1);
		header[name] = {dtype, shape, data_offsets: [begin, end]};
	}
	return {header, data: Uint8Array.from({length: end}, (_, i) => i % 251)};
}

function stored(file: string): Original {
	const bytes = readFileSync(file);
	const length = Number(bytes.readBigUInt64LE());
	return {header: JSON.parse(bytes.subarray(8, 8 + length).toString()) as object, data: bytes.subarray(8 + length)};
}

const attention = 'down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q';
const first: Shapes = {'model.diffusion_model.input_blocks.0.0.weight': ['F16', 2, 4, 3, 3], 'first_stage_model.decoder.conv_in.weight': ['F32', 2, 4, 1, 1]};
const wide = (width: number): Shapes => ({...first, 'model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight': ['F16', 1, width]});

/** Small files of every kind. The last is a whole model of tiny networks. */
function originals(hosts: LoraHosts): Original[] {
	const [out, into] = hosts.unet.get(attention) as readonly number[];
	const flat = `lora_unet_${attention.replaceAll('.', '_')}`;
	return [
		made({...Object.fromEntries(Object.keys(bytesOf).map(dtype => [dtype.toLowerCase(), [dtype, 2, 3] as const])), scalar: ['F32'], empty: ['F16', 0, 3]}, {format: 'pt', title: 'größe ☆'}),
		made(wide(768)),
		made({...wide(1024), 'model.diffusion_model.output_blocks.11.1.transformer_blocks.0.norm1.bias': ['F16', 8]}, {'modelspec.prediction_type': 'x'}),
		made({[`${flat}.lora_down.weight`]: ['F16', 2, into], [`${flat}.lora_up.weight`]: ['F16', out, 2], [`${flat}.alpha`]: ['F32']}, {ss_network_dim: '2'}),
		made({[`unet.${attention}.lora_A.weight`]: ['F32', 2, into], [`unet.${attention}.lora_B.weight`]: ['BF16', out, 2]}, {lora_adapter_metadata: '{"unet.r": 2, "unet.lora_alpha": 4, "unet.alpha_pattern": {"x": 1}}'}),
		made({'decoder.conv_in.weight': ['F32', 2, 4, 3, 3], 'encoder.down.0.block.0.norm1.weight': ['F32', 4]}),
		stored(path.join(fixtures, 'formats/single-file.safetensors')),
	];
}

function encoded(header: Uint8Array, data: Uint8Array, claimed = BigInt(header.length)): Uint8Array {
	const length = Buffer.alloc(8);
	length.writeBigUInt64LE(BigInt.asUintN(64, claimed));
	return Buffer.concat([length, header, data]);
}

/** One wrong file. */
function mutated({header, data}: Original, dice: Dice): Uint8Array {
	const text = Buffer.from(JSON.stringify(header));
	switch (dice.below(6)) {
		case 0: {
			return mutateBytes(encoded(text, data.subarray(0, 2 ** 14)), dice);
		}
		case 1: {
			return encoded(mutateBytes(text, dice), data);
		}
		case 2: {
			return encoded(text, data, dice.pick([0n, 1n, 7n, 8n, BigInt(text.length - 1), BigInt(text.length + 1), BigInt(text.length + data.length), 99_999_999n, 100_000_001n, 2n ** 53n, 2n ** 63n, -1n]));
		}
		default: {
			const changed = Buffer.from(mutateJson(header, dice));
			return encoded(dice.once(4) ? Buffer.concat([Buffer.from(dice.pick([' ', '\n\t ', '\uFEFF', 'x'])), changed]) : changed, dice.once(8) ? data.subarray(0, dice.below(data.length)) : data);
		}
	}
}

/** Everything that opens a file that a person names. */
async function openers(model: string) {
	const folder = await openModelFolder(model);
	await folder.close();
	const hosts = hostsOfModel(folder);
	const readAll = async (file: Awaited<ReturnType<typeof openSafetensors>>) => {
		try {
			for (const [name, {dtype}] of file.tensors) await (/^B?F/.test(dtype) ? file.readFloat32(name) : file.readBytes(name));
		} finally {
			await file.close();
		}
	};
	return {
		hosts,
		list: {
			'openSafetensors': async (file: string) => readAll(await openSafetensors(file)),
			'readModelFacts': (file: string) => void readModelFacts(file),
			'whatIs': async (file: string) => void (await whatIs(file)),
			'openLora': async (file: string) => {
				const {modules, close} = await openLora(file, hosts);
				for (const {down, up} of modules) await Promise.all([down.read(), up.read()]);
				await close();
			},
			'openModelFiles': async (file: string) => (await openModelFiles({baseModel: file, like: model}, os.tmpdir())).close(),
			'openAutoencoderFile': async (file: string) => (await openAutoencoderFile(file, folder.vae)).close(),
		},
	};
}

/** Mutated safetensors, `from` the first. @returns the faults found, each with the number of its case */
export async function fuzzWeightFiles({from, count}: {from: number; count: number}, onCase: (done: number) => void = () => undefined): Promise<string[]> {
	const place = mkdtempSync(path.join(os.tmpdir(), 'fuzz-weights-'));
	const model = path.join(fixtures, 'formats/pipeline');
	const {hosts, list} = await openers(model);
	const files = originals(hosts);
	const faults: string[] = [];
	try {
		// The table of all halves is made once.
		const halves = path.join(place, 'halves.safetensors');
		writeFileSync(halves, encoded(Buffer.from(JSON.stringify(files[0].header)), files[0].data));
		await list.openSafetensors(halves);
		for (let i = from; i < from + count; i++) {
			const dice = new Dice(i);
			// The whole model is larger than the others by a thousand times.
			const bytes = mutated(dice.once(40) ? files.at(-1)! : dice.pick(files.slice(0, -1)), dice);
			const file = path.join(place, 'case.safetensors');
			writeFileSync(file, bytes);
			for (const [name, open] of Object.entries(list)) {
				// Halves become twice as large; a header becomes text.
				const fault = await judge(() => open(file), 2 * bytes.length + 2 ** 12);
				if (fault !== undefined) faults.push(`weights ${i}: ${name} ${fault}`);
			}
			onCase(i - from + 1);
		}
	} finally {
		rmSync(place, {recursive: true, force: true});
	}
	return faults;
}
