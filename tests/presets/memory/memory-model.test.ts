import {readFileSync} from 'node:fs';
import path from 'node:path';
import {describe, expect, test} from 'vitest';
import {cpuProfile, defaultConcept, defaultConfig, gpuProfile, packageFolder, planMemory, publishedShapes, pytorchProfile, readModelFacts, type LineBytes, type MemoryConfig} from '../../../src/presets/index.ts';
import {autoencoderParameters, pairParametersOf, parametersOf, textEncoderUnits, unetUnits} from '../../../src/presets/memory/network-units.ts';

const gibibyte = 2 ** 30;
const {sd15, sd21} = publishedShapes;
const unetOf = ({unet}: typeof sd15 | typeof sd21, resolution = 512) => unetUnits(unet, {height: resolution / 8, width: resolution / 8, tokens: 77});
const full: MemoryConfig = {...defaultConfig(), trainTextEncoder: false};

describe('the parameters of a network', () => {
	test('are as many as published', () => {
		expect(parametersOf(unetOf(sd15))).toBe(859_520_964);
		expect(parametersOf(unetOf(sd21))).toBe(865_910_724);
		expect(parametersOf(textEncoderUnits(sd15.textEncoder))).toBe(123_060_480);
		expect(parametersOf(textEncoderUnits(sd21.textEncoder))).toBe(340_387_840);
		expect(autoencoderParameters(sd15.autoencoder)).toBe(83_653_863);
	});

	test('are as many as the demo model\'s files hold', () => {
		const {unet, textEncoder, autoencoder} = readModelFacts('demo').shape;
		expect({unet: parametersOf(unetUnits(unet, {height: 16, width: 16, tokens: 77})), textEncoder: parametersOf(textEncoderUnits(textEncoder)), autoencoder: autoencoderParameters(autoencoder)}).toEqual(readModelFacts('demo').parameters);
	});

	test('of a LoRA are as many for each rank as kohya and diffusers make', () => {
		const pairs = (units: ReturnType<typeof unetOf>, targets: string) => units.reduce((sum, unit) => sum + pairParametersOf(unit, {rank: 1, targets}), 0);
		expect(pairs(unetOf(sd15), 'transformer')).toBe(423_936);
		expect(pairs(unetOf(sd15), 'attention')).toBe(199_296);
		expect(pairs(textEncoderUnits(sd15.textEncoder), 'transformer')).toBe(165_888);
		expect(pairs(textEncoderUnits(sd15.textEncoder), 'attention')).toBe(73_728);
	});
});

/** SD 1.5, diffusers with torch 2.11 on an H200: peaks of the allocator in GiB. Half precision and fused attention unless said. */
const pytorchPeaks: readonly (readonly [Partial<MemoryConfig>, number])[] = [
	[{precision: 'f32'}, 16.65],
	[{precision: 'f32', attention: 'full'}, 16.64],
	[{}, 16.44],
	[{attention: 'full'}, 17.74],
	[{gradientCheckpointing: true}, 16.43],
	[{trainTextEncoder: true}, 18.52],
	[{trainTextEncoder: true, gradientCheckpointing: true}, 18.5],
	[{cacheLatents: 'off'}, 16.59],
	[{resolution: 768}, 16.44],
	[{resolution: 768, attention: 'full'}, 39.48],
	[{batchSize: 2}, 16.45],
	[{batchSize: 4}, 16.44],
	[{batchSize: 8}, 21.03],
	[{training: 'lora', loraRank: 4, loraTargets: 'attention'}, 3.81],
	[{training: 'lora', loraRank: 16, loraTargets: 'attention'}, 3.81],
	[{training: 'lora', loraRank: 16, loraTargets: 'attention', gradientCheckpointing: true}, 3.81],
	[{training: 'lora', loraRank: 16, loraTargets: 'attention', batchSize: 4}, 6.34],
];

describe('on a GPU the plan', () => {
	const resultsOf = <T>(name: string) => JSON.parse(readFileSync(path.join(packageFolder(), `bench/results/${name}.json`), 'utf8')) as T;
	const onGpu = (changes: Partial<MemoryConfig>) => planMemory({...full, precision: 'bf16', attention: 'fused', gradientClip: 1, ...changes}, sd15, {profile: gpuProfile});
	/** Of a step at its worst, without what is not the compiled step's: CUDA itself, and networks that it does not use. */
	const stepBytes = (changes: Partial<MemoryConfig>) => {
		const unused = (lines: LineBytes) => (lines.context ?? 0) + (lines.autoencoder ?? 0) + (changes.trainTextEncoder ? 0 : lines.textEncoder ?? 0);
		return Math.max(...onGpu(changes).phases.filter(({phase}) => phase === 'step' || phase === 'update').map(({lines, bytes}) => bytes - unused(lines)));
	};
	/** As bench/gpu/step-program.ts takes them. */
	const settingsOf = (row: string): Partial<MemoryConfig> => {
		const valueOf = (flag: string) => new RegExp(`--${flag} (\\S+)`).exec(row)?.[1];
		return {
			batchSize: Number(valueOf('batch') ?? 1), resolution: Number(valueOf('resolution') ?? 512), precision: valueOf('precision') ?? 'bf16', gradientClip: Number(valueOf('clip') ?? 1),
			gradientCheckpointing: row.includes('--checkpointing'), trainTextEncoder: row.includes('--text-encoder'), optimizer: (valueOf('optimizer') ?? 'adamw') as MemoryConfig['optimizer'],
			...(row.includes('--lora') && {training: 'lora', loraRank: Number(valueOf('lora'))}),
		};
	};

	test.each(resultsOf<{rows: readonly {row: string; bytes: number}[]}>('gpu-planned').rows)('agrees within 5 % with what XLA plans for the step of SD 1.5: $row', ({row, bytes}) => {
		expect(Math.abs(stepBytes(settingsOf(row)) / bytes - 1)).toBeLessThan(0.05);
	});

	/** As bench/step.ts takes them. It makes no pictures, so that only loading and training are compared. */
	const measured = resultsOf<{rows: readonly {row: string; command: string; firstStart?: {gpuBytes: number}}[]}>('gpu-table').rows.filter(({row, firstStart}) => firstStart && !row.startsWith('sampling'));
	test('was compared with thirteen processes', () => expect(measured).toHaveLength(13));
	test.each(measured)('agrees within 5 % with what the driver counted for the process, from its first start on: $row', ({row, command, firstStart}) => {
		const {phases} = planMemory({...full, attention: 'fused', ...settingsOf(command)}, row === 'sd21-768' ? publishedShapes.sd21 : sd15, {profile: gpuProfile});
		const most = Math.max(...phases.filter(({phase}) => ['load', 'step', 'update'].includes(phase)).map(({bytes}) => bytes));
		expect(Math.abs(most / firstStart!.gpuBytes - 1)).toBeLessThan(0.05);
	});

	// Of TensorFlow's own pool one sees how far it has grown, not what is needed.
	const {steps} = resultsOf<{steps: readonly {allocator: string; gpuBytes: number; xlaBytes?: number; noLongerThere?: {bytes: number}}[]}>('gpu');
	test.each(steps.flatMap(({allocator, gpuBytes, xlaBytes, noLongerThere}) => (allocator === 'cuda_malloc_async' && xlaBytes !== undefined ? [[gpuBytes - xlaBytes - (noLongerThere?.bytes ?? 0), gpuBytes]] : [])))('agrees with what the driver counted beside the step: %i of %i bytes', (beside, all) => {
		const planned = onGpu({}).peakBytes - stepBytes({});
		expect(Math.abs(planned - beside) / all).toBeLessThan(0.02);
	});
});

describe('with PyTorch\'s byte counts the plan', () => {
	test.each(pytorchPeaks)('agrees with the measured peak within 5 %%: %o', (changes, peak) => {
		const {peakBytes} = planMemory({...full, precision: 'f16', attention: 'fused', ...changes}, sd15, {profile: pytorchProfile});
		expect(Math.abs(peakBytes / gibibyte / peak - 1)).toBeLessThan(0.05);
	});

	/** Precision, attention, resolution: GiB that one image leaves for the backward pass, counted by torch's saved-tensor hooks at 512. */
	test.each([
		['f32', 'full', 512, 4.47],
		['f32', 'fused', 512, 1.74],
		['f16', 'full', 512, 5.21],
		['f16', 'fused', 512, 1.12],
		['f32', 'full', 768, 17.45],
		['f32', 'fused', 768, 3.81],
		['f16', 'full', 768, 22.99],
		['f16', 'fused', 768, 2.53],
	])('agrees with the activations of %s, %s attention at %d within 5 %%', (precision, attention, resolution, measured) => {
		const {activations = 0, attention: scores = 0} = planMemory({...full, precision, attention, resolution}, sd15, {profile: pytorchProfile}).lines;
		expect(Math.abs((activations + scores) / gibibyte / measured - 1)).toBeLessThan(0.05);
	});
});

interface Recorded {
	readonly runs: readonly {readonly model: string; readonly settings: Partial<MemoryConfig>; readonly prior: boolean; readonly lanes: number; readonly measuredBytes: number}[];
}

describe('on the CPU the plan', () => {
	const {runs} = JSON.parse(readFileSync(path.join(packageFolder(), 'bench/results/memory-cpu.json'), 'utf8')) as Recorded;
	/** The bench's model of 0.4 of SD 1.5's width. */
	const mid = {...sd15, unet: {...sd15.unet, blockOutChannels: [128, 256, 512, 512], crossAttentionDim: 512}, textEncoder: {...sd15.textEncoder, hiddenSize: 512, intermediateSize: 2048, heads: 8}};

	test.each(runs)('agrees within 15 %% with resident memory as measured: $model $settings', ({model, settings, prior, lanes, measuredBytes}) => {
		const concepts = [{...defaultConcept(), classImagesPerInstance: prior ? 1 : 0}];
		const {peakBytes} = planMemory({...defaultConfig(), ...settings, concepts}, model === 'demo' ? readModelFacts('demo').shape : mid, {profile: cpuProfile, lanes});
		expect(Math.abs(peakBytes / measuredBytes - 1)).toBeLessThan(0.15);
	});

	test('agrees within 15 % with a step of SD 1.5\'s whole UNet at 256 pixels, 16.7 GB', () => {
		const {peakBytes} = planMemory({...full, resolution: 256, attention: 'full'}, sd15, {profile: cpuProfile});
		expect(Math.abs(peakBytes / 16.7e9 - 1)).toBeLessThan(0.15);
	});
});

describe('a plan', () => {
	const bytes = (changes: Partial<MemoryConfig>) => planMemory({...full, ...changes}, sd15, {profile: gpuProfile}).peakBytes;

	test('has lines that add up, phase by phase, to its peak', () => {
		const {phases, peak, peakBytes} = planMemory(full, sd15, {profile: cpuProfile});
		for (const {lines, bytes} of phases) {
			expect(Object.values(lines).reduce((sum, line) => sum + line, 0)).toBeCloseTo(bytes, -1);
		}

		expect(peakBytes).toBe(Math.max(...phases.map(({bytes}) => bytes)));
		expect(peak.bytes).toBe(peakBytes);
	});

	test.each(['bf16', 'f16'])('in %s counts 2 bytes a parameter for networks that are only used, and copies only of those that are trained', precision => {
		const [unet, text, autoencoder] = [859_520_964, 123_060_480, 83_653_863];
		const of = (changes: Partial<MemoryConfig>) => planMemory({...full, precision, ...changes}, sd15, {profile: cpuProfile});
		const lora = of({training: 'lora', loraRank: 16});
		expect(lora.lines).toMatchObject({weights: 2 * unet + 4 * lora.trainedParameters, textEncoder: 2 * text, autoencoder: 2 * autoencoder, casts: 0});
		expect(of({}).lines).toMatchObject({weights: 4 * unet, textEncoder: 2 * text, casts: 2 * unet});
		expect(of({trainTextEncoder: true}).lines).toMatchObject({textEncoder: 4 * text, casts: 2 * (unet + text)});
		expect(of({trainUnet: false, trainTextEncoder: true}).lines).toMatchObject({weights: 2 * unet, casts: 2 * text});
		expect(of({training: 'lora', precision: 'f32'}).peakBytes - of({training: 'lora'}).peakBytes).toBeGreaterThan(2 * (unet + text + autoencoder));
	});

	test('counts 4 bytes a parameter for weights and gradients, 8 for AdamW, 2.03 for AdamW in 8 bits', () => {
		const {lines, trainedParameters} = planMemory(full, sd15, {profile: gpuProfile});
		expect(trainedParameters).toBe(859_520_964);
		expect(lines.weights).toBe(4 * trainedParameters);
		expect(lines.gradients).toBe(4 * trainedParameters);
		expect(lines.optimizer).toBe(8 * trainedParameters);
		expect(planMemory({...full, optimizer: 'adamw8bit'}, sd15, {profile: gpuProfile}).lines.optimizer).toBeCloseTo(2.031_25 * trainedParameters, -1);
	});

	test('grows with everything that takes memory, and shrinks with everything that saves it', () => {
		const room = {resolution: 768, batchSize: 2, attention: 'full'};
		for (const more of [{batchSize: 3}, {resolution: 832}, {ema: true}, {trainTextEncoder: true}, {gradientAccumulation: 2}] as const) {
			expect(bytes({...room, ...more}), JSON.stringify(more)).toBeGreaterThan(bytes(room));
		}

		for (const less of [{gradientCheckpointing: true}, {precision: 'bf16'}, {attention: 'chunked'}, {attention: 'fused'}, {optimizer: 'adamw8bit'}, {training: 'lora'}] as const) {
			expect(bytes({...room, ...less}), JSON.stringify(less)).toBeLessThan(bytes(room));
		}
	});

	test('counts the average on the host only where host and device are the same memory', () => {
		const cost = (emaMemory: 'device' | 'host', profile: typeof cpuProfile) => planMemory({...full, ema: true, emaMemory}, sd15, {profile}).lines.ema;
		expect(cost('host', gpuProfile)).toBe(0);
		expect(cost('device', gpuProfile)).toBe(4 * 859_520_964);
		expect(cost('host', cpuProfile)).toBe(4 * 859_520_964);
	});
});
