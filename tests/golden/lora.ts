import {mkdtemp, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type {Tensor} from '@tensorflow/tfjs';
import {Adapters, networkScope, plannedLike, type Network} from '../../src/train/adapters.ts';
import {compile, ops, type State, type Tensors} from '../../src/train/graph/index.ts';
import {encodeText, loraHosts, unet} from '../../src/train/models/index.ts';
import {gradients} from '../../src/train/nn/index.ts';
import {Parameters} from '../../src/train/parameters.ts';
import {mergedWeight, openLora, openNetwork, openSafetensors, parseTextEncoderConfig, parseUNetConfig, writeLora, type LoraModule, type LoraNetwork, type SafetensorsFile, type TextEncoderConfig, type UNetConfig} from '../../src/train/weights/index.ts';
import {allowed, inHalves, plain, type Arithmetic} from './arithmetic.ts';
import {largestDifference, relativeL2, Together, Worst, type Check, type Section} from './check.ts';
import {declareTextEncoder} from './clip.ts';
import {sampled} from './gradients.ts';
import {channelsFirst, meanSquare, readImage, readJson, withLossScale, type NamedInputs} from './network.ts';
import {declareUnet} from './unet.ts';

interface CasesJson {
	readonly alpha: number;
	readonly modules: {readonly unet: number; readonly text_encoder: number};
	readonly loss: number;
	readonly merged_checksum_order: readonly string[];
	readonly tolerance: {readonly output_relative_l2: number; readonly gradient_relative_l2: number; readonly merged_abs: number};
}

/** The two files hold the same adapters; that of diffusers without their alpha. */
const files = [
	{name: 'pytorch_lora_weights.safetensors', layout: 'diffusers'},
	{name: 'kohya.safetensors', layout: 'kohya'},
] as const;

const LOSS_TOLERANCE = 1e-5;

export const lora: Section = {
	title: '10. lora',
	async *run(fixtures, arithmetic = plain) {
		const folder = path.join(fixtures, 'lora');
		const json = await readJson<CasesJson>(folder, 'cases.json');
		const base = await Base.open(fixtures, arithmetic);
		const cases = await openSafetensors(path.join(folder, 'cases.safetensors'));
		for (const {name, layout} of files) {
			const file = await openLora(path.join(folder, name), loraHosts(base.declared), layout === 'diffusers' ? {alpha: json.alpha} : {});
			const count = (network: LoraNetwork) => file.modules.filter(module => module.network === network).length;
			yield {name: `${name}: number of modules`, worst: Math.abs(count('unet') - json.modules.unet) + Math.abs(count('textEncoder') - json.modules.text_encoder), tolerance: 0};
			const adapted = await base.withAdapters(file.modules);
			yield* outputChecks(name, adapted, cases, json);
			yield* gradientChecks(name, adapted, cases, path.join(folder, 'gradients.safetensors'), json);
			yield* rewritingChecks(name, path.join(folder, name), layout, file.modules);
			adapted.dispose();
			if (layout === 'kohya') yield* mergingChecks(base, file.modules, cases, json);
			await file.close();
		}
		await cases.close();
		await base.close();
	},
};

/** The UNet and the text encoder that the adapters are for. */
class Base {
	private constructor(readonly configs: {readonly unet: UNetConfig; readonly textEncoder: TextEncoderConfig}, readonly files: Readonly<Record<LoraNetwork, SafetensorsFile>>, private readonly arithmetic: Arithmetic) {}

	static async open(fixtures: string, arithmetic: Arithmetic): Promise<Base> {
		const folders = {unet: path.join(fixtures, 'unet-sd1'), textEncoder: path.join(fixtures, 'clip-quick-gelu')};
		const unet = parseUNetConfig(await readJson(folders.unet, 'config.json'));
		const textEncoder = parseTextEncoderConfig(await readJson(folders.textEncoder, 'config.json'));
		const opened = async (network: LoraNetwork) => (await openNetwork(network, folders[network])).file;
		return new Base({unet, textEncoder}, {unet: await opened('unet'), textEncoder: await opened('textEncoder')}, arithmetic);
	}

	get declared() {
		return {unet: declareUnet(this.configs.unet), textEncoder: declareTextEncoder(this.configs.textEncoder)};
	}

	async withAdapters(modules: readonly LoraModule[]): Promise<Networks> {
		const load = async (network: LoraNetwork): Promise<Network> => {
			const adapters = await Adapters.create(network, plannedLike(modules, network, this.declared[network]));
			await adapters.restore(modules);
			return {weights: await Parameters.load(network, this.declared[network], this.files[network]), adapters};
		};
		return new Networks(this.configs, {unet: await load('unet'), textEncoder: await load('textEncoder')}, this.arithmetic);
	}

	/** The networks with the adapters worked into their weights. */
	async merged(modules: readonly LoraModule[]): Promise<Networks> {
		const load = async (network: LoraNetwork): Promise<Network> => {
			const own = new Map(modules.filter(module => module.network === network).map(module => [`${module.path}.weight`, module]));
			const file = this.files[network];
			const source = {readFloat32: async (name: string) => (own.has(name) ? mergedWeight(await file.readFloat32(name), own.get(name)!) : file.readFloat32(name))};
			return {weights: await Parameters.load(network, this.declared[network], source)};
		};
		return new Networks(this.configs, {unet: await load('unet'), textEncoder: await load('textEncoder')}, this.arithmetic);
	}

	async close(): Promise<void> {
		for (const file of Object.values(this.files)) await file.close();
	}
}

/** Text encoder and UNet one after the other. */
class Networks {
	constructor(private readonly configs: Base['configs'], readonly networks: Readonly<Record<LoraNetwork, Network>>, readonly arithmetic: Arithmetic) {}

	/** What the fixture holds: the text states and the UNet's output. */
	run(inputs: NamedInputs): Record<string, Float32Array> {
		return this.#compiled(inputs, (tensors, state) => {
			const [p, text] = [networkScope(this.networks.unet, state).scope, networkScope(this.networks.textEncoder, state).scope];
			const states = encodeText(this.configs.textEncoder, {clipSkip: 1})(text, tensors.tokens);
			return {states, output: unet(this.configs.unet)(p, {sample: tensors.sample, timesteps: tensors.timesteps, context: states})};
		});
	}

	/** Gradients of mean(output²) by the adapters' parameters, by their names in a file of diffusers. */
	differentiate(inputs: NamedInputs): {readonly loss: number; readonly gradients: ReadonlyMap<string, Float32Array>} {
		const names = (['unet', 'textEncoder'] as const).flatMap(network => this.networks[network].adapters!.parameters.names.map(name => `${network === 'unet' ? network : 'text_encoder'}.${name}`));
		const {loss, ...found} = this.#compiled({...inputs, lossScale: {shape: [], values: Float32Array.of(1)}}, (tensors, state) => {
			const [unetPart, textPart] = (['unet', 'textEncoder'] as const).map(network => networkScope(this.networks[network], state, {trained: this.networks[network].adapters?.parameters}));
			const output = () => {
				const context = encodeText(this.configs.textEncoder, {clipSkip: 1})(textPart.scope, tensors.tokens);
				return meanSquare(unet(this.configs.unet)(unetPart.scope, {sample: tensors.sample, timesteps: tensors.timesteps, context}));
			};
			const {value, gradients: found} = gradients(output, [...unetPart.tensors.values(), ...textPart.tensors.values()], tensors.lossScale);
			return {loss: value, ...Object.fromEntries(found.map((gradient, i) => [`${i}`, ops.toFloat32(gradient)]))};
		});
		return {loss: loss[0], gradients: new Map(names.map((name, i) => [name, found[i]]))};
	}

	dispose(): void {
		for (const {weights, adapters} of Object.values(this.networks)) for (const parameters of [weights, adapters?.parameters]) parameters?.dispose();
	}

	#compiled(inputs: NamedInputs, body: (tensors: Tensors, state: State) => Record<string, Tensor>): Record<string, Float32Array> {
		const signature = Object.fromEntries(Object.entries(inputs).map(([name, {shape, values}]) => [name, {shape, dtype: values instanceof Int32Array ? ('int32' as const) : ('float32' as const)}]));
		const compiled = compile('golden_lora', body, signature, this.arithmetic);
		try {
			const values = Object.fromEntries(Object.entries(inputs).map(([name, {values}]) => [name, values]));
			if (!inputs.lossScale) return compiled.call(values);
			return withLossScale(this.arithmetic.precision, lossScale => compiled.call({...values, lossScale: Float32Array.of(lossScale)}));
		} finally {
			compiled.dispose();
		}
	}
}

const inputsOf = async (cases: SafetensorsFile): Promise<NamedInputs> => ({
	sample: await readImage(cases, 'sample'),
	timesteps: {shape: cases.get('timesteps').shape, values: Float32Array.from(await cases.readInt32('timesteps'))},
	tokens: {shape: cases.get('input_ids').shape, values: await cases.readInt32('input_ids')},
});

async function* outputChecks(title: string, networks: Networks, cases: SafetensorsFile, {tolerance}: CasesJson): AsyncGenerator<Check> {
	const inputs = await inputsOf(cases);
	const {states, output} = networks.run(inputs);
	yield {name: `${title}: text states`, worst: relativeL2(states, await cases.readFloat32('text_states')), tolerance: allowed(networks.arithmetic, 'output', tolerance.output_relative_l2)};
	yield {name: `${title}: output`, worst: relativeL2(channelsFirst({shape: inputs.sample.shape, values: output}).values, await cases.readFloat32('output')), tolerance: allowed(networks.arithmetic, 'output', tolerance.output_relative_l2)};
}

async function* gradientChecks(title: string, networks: Networks, cases: SafetensorsFile, reference: string, json: CasesJson): AsyncGenerator<Check> {
	const {loss, gradients: found} = networks.differentiate(await inputsOf(cases));
	yield {name: `${title}: loss (relative)`, worst: Math.abs(loss - json.loss) / json.loss, tolerance: allowed(networks.arithmetic, 'loss', LOSS_TOLERANCE)};
	const file = await openSafetensors(reference);
	const [compared, together] = [new Worst(), new Together()];
	const names = new Set([...file.tensors.keys(), ...found.keys()]);
	for (const name of names) {
		const expected = file.tensors.has(name) ? await file.readFloat32(name) : new Float32Array();
		const own = sampled(found.get(name) ?? new Float32Array(), expected.length);
		compared.add(name, relativeL2(own, expected));
		together.add(own, expected);
	}
	yield compared.check(`${title}: gradients`, allowed(networks.arithmetic, 'gradient', json.tolerance.gradient_relative_l2));
	if (inHalves(networks.arithmetic)) yield together.check(`${title}: gradients`, allowed(networks.arithmetic, 'gradients', Infinity));
	await file.close();
}

/** Written again, the adapters are the same file: names, types, shapes, bytes. */
async function* rewritingChecks(title: string, original: string, layout: 'diffusers' | 'kohya', modules: readonly LoraModule[]): AsyncGenerator<Check> {
	const folder = await mkdtemp(path.join(os.tmpdir(), 'golden-lora-'));
	const copy = path.join(folder, 'lora.safetensors');
	await writeLora(copy, layout, modules, {dtype: 'F16'});
	const [one, other] = [await openSafetensors(original), await openSafetensors(copy)];
	const differing = new Worst();
	for (const name of new Set([...one.tensors.keys(), ...other.tensors.keys()])) {
		const [a, b] = [one.tensors.get(name), other.tensors.get(name)];
		const same = a && b && a.dtype === b.dtype && String(a.shape) === String(b.shape) && Buffer.compare(await one.readBytes(name), await other.readBytes(name)) === 0;
		differing.add(name, same ? 0 : 1);
	}
	yield differing.check(`${title}: written again, tensors that differ`, 0);
	await one.close();
	await other.close();
	await rm(folder, {recursive: true});
}

async function* mergingChecks(base: Base, modules: readonly LoraModule[], cases: SafetensorsFile, json: CasesJson): AsyncGenerator<Check> {
	const merged = new Map<string, Float32Array>();
	for (const module of modules) {
		const prefix = module.network === 'unet' ? module.network : 'text_encoder';
		merged.set(`${prefix}.${module.path}.weight`, await mergedWeight(await base.files[module.network].readFloat32(`${module.path}.weight`), module));
	}
	const [values, sums] = [new Worst(), new Worst()];
	for (const name of cases.tensors.keys()) {
		if (name.startsWith('merged/') && name !== 'merged/checksums') values.add(name, largestDifference(merged.get(name.slice('merged/'.length)) ?? [], await cases.readFloat32(name)));
	}
	const checksums = await cases.readFloat32('merged/checksums');
	for (const [row, name] of json.merged_checksum_order.entries()) {
		const found = merged.get(name) ?? new Float32Array();
		const [sum, square, wave] = [0, 0, 0].map((_, k) => found.reduce((total, value, i) => total + [value, value * value, value * Math.cos(i)][k], 0));
		const expected = checksums.subarray(3 * row, 3 * row + 3);
		// Of n values that may each be off by the tolerance.
		sums.add(name, Math.max(Math.abs(sum - expected[0]), Math.abs(wave - expected[2]), Math.abs(square - expected[1])) / found.length);
	}
	yield values.check('merged weights (absolute)', json.tolerance.merged_abs);
	yield sums.check('merged checksums (absolute, per value)', json.tolerance.merged_abs);
	const networks = await base.merged(modules);
	yield* outputChecks('merged', networks, cases, json);
	networks.dispose();
}
