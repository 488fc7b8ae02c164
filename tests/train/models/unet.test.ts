import path from 'node:path';
import {expect, test} from 'vitest';
import {fixturesFolder, relativeL2} from '../../golden/check.ts';
import {differentiate, loadNetwork, readJson, type Values} from '../../golden/network.ts';
import {declareUnet} from '../../golden/unet.ts';
import {unet, type UNetInputs} from '../../../src/train/models/index.ts';
import {normals} from '../../../src/train/random.ts';
import {parseUNetConfig} from '../../../src/train/weights/index.ts';

const random = (...shape: number[]): Values => ({shape, values: normals(shape.reduce((a, b) => a * b, 1), {seed: 1, stream: shape.join()})});

test('gradients of the whole UNet are the same with and without checkpointing', async () => {
	const folder = path.join(fixturesFolder, 'unet-tiny');
	const config = parseUNetConfig(await readJson(folder, 'config.json'));
	const {parameters} = await loadNetwork(folder, 'unet', declareUnet(config));
	const inputs = {sample: random(1, 8, 6, 4), timesteps: {shape: [1], values: Float32Array.of(321)}, context: random(1, 3, config.crossAttentionDim)};
	const under = (checkpointing: boolean) => differentiate(parameters, inputs, (p, inputs) => unet(config)(p, inputs as unknown as UNetInputs), {checkpointing, to: ['sample', 'context']});
	const [plain, checkpointed] = [under(false), under(true)];
	parameters.dispose();
	const flat = (gradients: ReadonlyMap<string, Float32Array>) => [...gradients.values()].flatMap(values => [...values]);
	expect(checkpointed.loss).toBeCloseTo(plain.loss, 6);
	expect(relativeL2(flat(checkpointed.gradients), flat(plain.gradients))).toBeLessThan(1e-5);
});

test('attention stands where the block types say, on any level', () => {
	const config = parseUNetConfig({
		block_out_channels: [32, 64, 96],
		down_block_types: ['DownBlock2D', 'CrossAttnDownBlock2D', 'DownBlock2D'],
		up_block_types: ['CrossAttnUpBlock2D', 'UpBlock2D', 'CrossAttnUpBlock2D'],
		layers_per_block: 1,
	});
	const attentions = declareUnet(config)
		.filter(({name}) => name.endsWith('.proj_in.bias'))
		.map(({name, shape}) => `${name.slice(0, -'.proj_in.bias'.length)} ${shape[0]}`);
	expect(attentions).toEqual(['down_blocks.1.attentions.0 64', 'mid_block.attentions.0 96', 'up_blocks.0.attentions.0 96', 'up_blocks.0.attentions.1 96', 'up_blocks.2.attentions.0 32', 'up_blocks.2.attentions.1 32']);
});
