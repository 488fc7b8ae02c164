import path from 'node:path';
import {encodeText, joinChunks, pooledPositions, textStates} from '../../src/train/models/index.ts';
import {splitIntoChunks} from '../../src/train/models/tokenizer.ts';
import {declareParameters} from '../../src/train/nn/index.ts';
import type {Parameters} from '../../src/train/parameters.ts';
import {openSafetensors, parseTextEncoderConfig, type SafetensorsFile, type TextEncoderConfig} from '../../src/train/weights/index.ts';
import {allowed, plain, type Arithmetic} from './arithmetic.ts';
import {relativeL2, type Check, type Section} from './check.ts';
import {gradientChecks, type GradientsJson, type GradientTolerance} from './gradients.ts';
import {differentiate, evaluate, loadNetwork, readJson, type Values} from './network.ts';

interface CasesJson {
	readonly tolerance: GradientTolerance & {readonly relative_l2: number};
	readonly gradients: GradientsJson;
	readonly long_prompts?: {readonly eos_id: number; readonly pad_id: number};
}

const folders = ['clip-quick-gelu', 'clip-gelu', 'clip-full-vocabulary', 'clip-small-variance'];
const tokenEmbedding = 'text_model.embeddings.token_embedding.weight';

export const clip: Section = {
	title: '5. clip-*',
	async *run(fixtures, arithmetic = plain) {
		for (const folder of folders) yield* clipChecks(path.join(fixtures, folder), arithmetic);
	},
};

async function* clipChecks(folder: string, arithmetic: Arithmetic): AsyncGenerator<Check> {
	const title = path.basename(folder);
	const config = parseTextEncoderConfig(await readJson(folder, 'config.json'));
	const json = await readJson<CasesJson>(folder, 'cases.json');
	const {parameters, check} = await loadNetwork(folder, 'textEncoder', declareTextEncoder(config));
	yield check;
	const cases = await openSafetensors(path.join(folder, 'cases.safetensors'));
	const tokens = {shape: cases.get('input_ids').shape, values: await cases.readInt32('input_ids')};
	for await (const {name, found} of statesOf(config, parameters, cases, tokens, arithmetic)) {
		yield {name: `${title} ${name}`, worst: relativeL2(found, await cases.readFloat32(name)), tolerance: allowed(arithmetic, 'output', json.tolerance.relative_l2)};
	}
	if (json.long_prompts) {
		for await (const {name, found} of longPrompts(config, parameters, cases, json.long_prompts, arithmetic)) {
			yield {name: `${title} ${name}`, worst: relativeL2(found, await cases.readFloat32(name)), tolerance: allowed(arithmetic, 'output', json.tolerance.relative_l2)};
		}
	}
	yield* textGradientChecks(folder, config, parameters, tokens, json, arithmetic);
	await cases.close();
	parameters.dispose();
}

interface Found {
	/** In the fixture. */
	readonly name: string;
	readonly found: ArrayLike<number>;
}

function* statesOf(config: TextEncoderConfig, parameters: Parameters, cases: SafetensorsFile, tokens: Values<Int32Array>, arithmetic: Arithmetic): Generator<Found> {
	const clipSkips = [...cases.tensors.keys()].filter(name => /^clip_skip_\d+$/.test(name));
	const outputs = evaluate(parameters, {tokens}, (p, {tokens}) => ({
		...Object.fromEntries(textStates(config)(p, tokens).map((state, k) => [`hidden_states.${k}`, state])),
		last_hidden_state: encodeText(config, {clipSkip: 1})(p, tokens),
		...Object.fromEntries(clipSkips.map(name => [name, encodeText(config, {clipSkip: Number(name.slice('clip_skip_'.length))})(p, tokens)])),
	}), arithmetic);
	for (const [name, found] of Object.entries(outputs)) yield {name, found};
	const [, length] = tokens.shape;
	const {hiddenSize: width} = config;
	const pooled = pooledPositions(config, tokens.values).flatMap((position, row) => {
		const begin = (row * length + position) * width;
		return [...outputs.last_hidden_state.subarray(begin, begin + width)];
	});
	yield {name: 'pooler_output', found: pooled};
}

async function* longPrompts(config: TextEncoderConfig, parameters: Parameters, cases: SafetensorsFile, {eos_id: eos, pad_id: pad}: {readonly eos_id: number; readonly pad_id: number}, arithmetic: Arithmetic): AsyncGenerator<Found> {
	for (const name of cases.tensors.keys()) {
		const [, prompt, clipSkip = '1'] = /^(long\..*)\/states(?:_clip_skip_(\d+))?$/.exec(name) ?? [];
		if (prompt === undefined) continue;
		const chunks = splitIntoChunks(await cases.readInt32(`${prompt}/input_ids`), {eos, pad});
		const count = chunks.length / 77;
		const {states} = evaluate(parameters, {tokens: {shape: [count, 77], values: chunks}}, (p, {tokens}) => ({
			states: joinChunks(encodeText(config, {clipSkip: Number(clipSkip)})(p, tokens), {chunks: count}),
		}), arithmetic);
		yield {name, found: states};
	}
}

/** Of the token embedding's gradient only the rows of the used tokens are stored; the others are zero. */
async function* textGradientChecks(folder: string, config: TextEncoderConfig, parameters: Parameters, tokens: Values<Int32Array>, json: CasesJson, arithmetic: Arithmetic): AsyncGenerator<Check> {
	const title = path.basename(folder);
	const {loss, gradients} = differentiate(parameters, {tokens}, (p, {tokens}) => encodeText(config, {clipSkip: 1})(p, tokens), arithmetic);
	const file = await openSafetensors(path.join(folder, 'gradients.safetensors'));
	const table = gradients.get(tokenEmbedding) as Float32Array;
	const rows = await file.readInt32('token_embedding.rows');
	const {hiddenSize: width} = config;
	const used = [...rows].flatMap(row => [...table.subarray(row * width, (row + 1) * width)]);
	for (const row of rows) table.fill(0, row * width, (row + 1) * width);
	yield {name: `${title}: token embedding, ${rows.length} used rows`, worst: relativeL2(used, await file.readFloat32('token_embedding.gradient_of_rows')), tolerance: allowed(arithmetic, 'gradient', json.tolerance.gradient_relative_l2)};
	yield {name: `${title}: token embedding, other rows (values that are not 0)`, worst: table.filter(value => value !== 0).length, tolerance: 0};

	const others = new Map([...gradients].filter(([name]) => name !== tokenEmbedding));
	const withoutRows = file.withTensors(new Map([...file.tensors].filter(([name]) => !name.startsWith('token_embedding.'))));
	yield* gradientChecks(title, {loss, gradients: others}, withoutRows, json.gradients, json.tolerance, arithmetic);
	await file.close();
}

export const declareTextEncoder = (config: TextEncoderConfig) =>
	declareParameters((p, {tokens}) => encodeText(config, {clipSkip: 1})(p, tokens), {tokens: {shape: [1, config.maxPositionEmbeddings], dtype: 'int32'}});
