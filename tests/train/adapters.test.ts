import path from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {fixturesFolder, relativeL2} from '../golden/check.ts';
import {loadNetwork, meanSquare, readJson} from '../golden/network.ts';
import {declareUnet} from '../golden/unet.ts';
import {Adapters, networkScope, type Network} from '../../src/train/adapters.ts';
import {compile, ops, type CompileOptions} from '../../src/train/graph/index.ts';
import {cutIntoLanes, rowsOfLane} from '../../src/train/lanes.ts';
import {hostsOf, isTarget, unet} from '../../src/train/models/index.ts';
import {gradients} from '../../src/train/nn/index.ts';
import {normals} from '../../src/train/random.ts';
import {parseUNetConfig, type UNetConfig} from '../../src/train/weights/index.ts';

let config: UNetConfig;
let network: Required<Network>;
const rows = 2;
const values = (count: number, stream: string) => normals(count, {seed: 4, stream});

beforeAll(async () => {
	const folder = path.join(fixturesFolder, 'unet-tiny');
	config = parseUNetConfig(await readJson(folder, 'config.json'));
	const declarations = declareUnet(config);
	const {parameters: weights} = await loadNetwork(folder, 'unet', declarations);
	const hosts = hostsOf(declarations).filter(({path}) => isTarget('unet', path, 'all'));
	const adapters = await Adapters.create('unet', hosts.map(host => ({host, rank: 3, alpha: 2})));
	// B is zero at first, and then A has no gradient.
	await adapters.parameters.restore({readFloat32: name => values(adapters.parameters.stored().find(tensor => tensor.name === name)!.shape.reduce((a, b) => a * b, 1), name).map(value => 0.1 * value)});
	network = {weights, adapters};
});

afterAll(() => {
	for (const parameters of [network.weights, network.adapters.parameters]) parameters.dispose();
});

interface Differentiation extends CompileOptions {
	readonly lanes?: number;
	/** Of what the adapters are given. */
	readonly dropout?: number;
}

/** Loss and gradients of the adapters, in the order of their names. */
function differentiated({lanes = 1, dropout = 0, ...compileOptions}: Differentiation): {loss: number; gradients: Float32Array} {
	const compiled = compile('adapters', (inputs, state) => {
		const {dropping, tensors} = networkScope(network, state, {trained: network.adapters.parameters});
		const dropoutOf = new Map(cutIntoLanes(rows, lanes).map(lane => [lane.begin, dropout > 0 ? {rate: dropout, keys: rowsOfLane(inputs.keys, lane)} : undefined]));
		const parts = cutIntoLanes(rows, lanes).map(lane => gradients(() => {
			const [sample, timesteps, context] = [inputs.sample, inputs.timesteps, inputs.context].map(x => rowsOfLane(x, lane));
			return meanSquare(unet(config)(dropping(dropoutOf.get(lane.begin)), {sample, timesteps, context}));
		}, [...tensors.values()]));
		const sums = [...tensors.keys()].map((_, i) => ops.reshape(ops.toFloat32(ops.addAll(parts.map(part => part.gradients[i]))), [-1]));
		return {loss: ops.addAll(parts.map(({value}) => value)), gradients: ops.scaleBy(ops.concat(sums, 0), 1 / lanes)};
	}, {
		sample: {shape: [rows, 8, 8, config.inChannels], dtype: 'float32'},
		timesteps: {shape: [rows], dtype: 'float32'},
		context: {shape: [rows, 5, config.crossAttentionDim], dtype: 'float32'},
		keys: {shape: [rows], dtype: 'int32'},
	}, compileOptions);
	const {loss, gradients: found} = compiled.call({sample: values(rows * 64 * config.inChannels, 'sample'), timesteps: Float32Array.of(20, 700), context: values(rows * 5 * config.crossAttentionDim, 'context'), keys: Int32Array.of(5, -77)});
	compiled.dispose();
	return {loss: loss[0] / lanes, gradients: found};
}

describe('the gradients of adapters', () => {
	let reference: ReturnType<typeof differentiated>;
	beforeAll(() => {
		reference = differentiated({mode: 'graph'});
		expect(reference.gradients.every(value => value !== 0)).toBe(true);
	});

	it.each<[string, Differentiation]>([
		['eagerly', {mode: 'eager'}],
		['compiled by XLA', {mode: 'xla'}],
		['with checkpointing', {mode: 'graph', checkpointing: true}],
		['with checkpointing, eagerly', {mode: 'eager', checkpointing: true}],
		['in lanes', {mode: 'graph', lanes: 2}],
	])('are the same %s', (_, options) => {
		const other = differentiated(options);
		expect(other.loss).toBeCloseTo(reference.loss, 5);
		expect(relativeL2(other.gradients, reference.gradients)).toBeLessThan(1e-5);
	});

	it('are the same in every way with dropout, other ones than without', () => {
		const dropped = differentiated({mode: 'graph', dropout: 0.3});
		expect(relativeL2(dropped.gradients, reference.gradients)).toBeGreaterThan(0.1);
		for (const options of [{mode: 'eager'}, {mode: 'graph', checkpointing: true}, {mode: 'graph', lanes: 2}] as const) {
			const other = differentiated({...options, dropout: 0.3});
			expect(other.loss).toBeCloseTo(dropped.loss, 5);
			expect(relativeL2(other.gradients, dropped.gradients)).toBeLessThan(1e-5);
		}
	});

	it('are close in bfloat16', () => {
		// Of this network's weights, too, the gradients in bfloat16 are off by 0.17.
		expect(relativeL2(differentiated({mode: 'graph', precision: 'bf16'}).gradients, reference.gradients)).toBeLessThan(0.25);
	});
});

it('a network beneath trained adapters has no parameters to differentiate by, and all of its weights as constants', () => {
	let names: string[] = [];
	compile('scope', (_, state) => {
		const {scope, tensors} = networkScope(network, state, {trained: network.adapters.parameters});
		names = scope.parameters().map(([name]) => name);
		return {size: ops.constant(tensors.size + scope.at('conv_in').get('weight', []).rank)};
	}, {}, {mode: 'graph'}).dispose();
	expect(names).toEqual(network.adapters.parameters.names);
});

it.each([
	['kaiming', (inputs: number) => 1 / Math.sqrt(3 * inputs)],
	['gaussian', () => 1 / 8],
] as const)('A begins with values whose deviation is that of %s, B with zeros', async (init, deviation) => {
	const hosts = hostsOf(declareUnet(config)).filter(({path: at}) => isTarget('unet', at, 'attention'));
	const adapters = await Adapters.create('unet', hosts.map(host => ({host, rank: 8, alpha: 8})), {init});
	const ratios = adapters.parameters.stored().flatMap(({name, shape, read}) => {
		const found = read() as Float32Array;
		if (name.endsWith('lora_B.weight')) expect(found.every(value => value === 0)).toBe(true);
		return name.endsWith('lora_A.weight') ? [Math.sqrt(found.reduce((sum, value) => sum + value ** 2, 0) / found.length) / deviation(shape[1])] : [];
	});
	expect(ratios.length).toBeGreaterThan(0);
	expect(ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length).toBeCloseTo(1, 1);
	adapters.parameters.dispose();
});
