import {mkdtempSync, readdirSync, renameSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {afterEach, expect, it, vi} from 'vitest';
import {normals} from '../../src/train/random.ts';
import {loadRuntime} from '../../src/train/runtime/index.ts';
import type {StableDiffusion} from '../../src/train/stable-diffusion.ts';
import {demoModel} from './demo-model.ts';

const side = 4;
const size = {count: 1, height: side, width: side};
const told: (boolean | string)[] = [];
const opened = async () => demoModel({mode: 'xla', sideMode: 'graph', compiling: async known => void told.push(known), warn: message => void told.push(message)});

async function predicted(model: StableDiffusion): Promise<Float32Array> {
	const states = {negative: normals(77 * model.contextWidth, {seed: 1, stream: 'negative'}), positive: normals(77 * model.contextWidth, {seed: 2, stream: 'positive'})};
	await model.predictions.prepare(model.predictionShape(states, size));
	return model.predict(normals(side * side * 4, {seed: 3, stream: 'latents'}), 500, states, {...size, guidance: 5});
}

const runtime = loadRuntime();
const {binding: native} = runtime;

/** Functions made from now on ask `before` each time that one is called which XLA compiles. */
function watchCompiled(before: () => void): void {
	Object.assign(runtime, {binding: Object.create(native, {executeOp: {value: (...call: Parameters<typeof native.executeOp>) => {
		if (JSON.stringify(call[1]).includes('_XlaMustCompile')) before();
		return native.executeOp(...call);
	}}})});
}

afterEach(() => {
	told.length = 0;
	Object.assign(runtime, {binding: native});
	vi.unstubAllEnvs();
});

it('few pictures are plain graphs, many are compiled, and of what was compiled before on this machine fewer are enough', async () => {
	const folder = mkdtempSync(path.join(os.tmpdir(), 'predictions-'));
	vi.stubEnv('TF_XLA_FLAGS', `--tf_xla_persistent_cache_directory=${folder}`);
	try {
		const model = await opened();
		let compiledCalls = 0;
		watchCompiled(() => compiledCalls++);
		model.predictions.expect(100);
		const plain = await predicted(model);
		expect([told, compiledCalls]).toEqual([[], 0]);

		model.predictions.expect(1000);
		const compiled = await predicted(model);
		await predicted(model);
		expect([told, compiledCalls]).toEqual([[false], 2]);
		for (const [i, value] of compiled.entries()) expect(value).toBeCloseTo(plain[i], 4);

		// In one process the second function of a kind has another name.
		const [mark] = readdirSync(folder);
		renameSync(path.join(folder, mark), path.join(folder, mark.replace('.', '_2.')));
		const later = await opened();
		later.predictions.expect(100);
		await predicted(later);
		expect([told, compiledCalls]).toEqual([[false, true], 3]);
	} finally {
		rmSync(folder, {recursive: true});
	}
});

it('what XLA cannot compile is a plain graph again, and the person hears of it', async () => {
	const model = await opened();
	watchCompiled(() => {
		throw new Error('no room');
	});
	model.predictions.expect(1000);
	const first = await predicted(model);
	expect(told).toEqual([false, expect.stringContaining('no room')]);
	expect(await predicted(model)).toEqual(first);
	expect(told).toHaveLength(2);
});
