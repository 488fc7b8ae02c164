import {describe, expect, it} from 'vitest';
import {declareTextEncoder} from '../../golden/clip.ts';
import {declareUnet} from '../../golden/unet.ts';
import {declareAdapter, hostsOf, isTarget, type LoraTargets} from '../../../src/train/models/index.ts';
import {parseTextEncoderConfig, parseUNetConfig, type LoraNetwork} from '../../../src/train/weights/index.ts';

const declared = {
	unet: declareUnet(parseUNetConfig({cross_attention_dim: 768})),
	textEncoder: declareTextEncoder(parseTextEncoderConfig({hidden_size: 768, intermediate_size: 3072, num_hidden_layers: 12, num_attention_heads: 12})),
};

describe('the adapters of SD 1', () => {
	// Modules and parameters per rank as the published programs train them: diffusers' script and kohya's.
	it.each<[LoraNetwork, LoraTargets, number, number]>([
		['unet', 'attention', 128, 199_296],
		['unet', 'transformer', 192, 423_936],
		['textEncoder', 'attention', 48, 73_728],
		['textEncoder', 'transformer', 72, 165_888],
	])('of the %s for %s', (network, targets, modules, parameters) => {
		const hosts = hostsOf(declared[network]).filter(({path}) => isTarget(network, path, targets));
		expect(hosts).toHaveLength(modules);
		expect(hosts.flatMap(host => declareAdapter(host, 1)).reduce((total, {shape}) => total + shape.reduce((product, n) => product * n, 1), 0)).toBe(parameters);
	});

	it('are on the 3x3 convolutions too, when all modules are asked for: A has the kernel, B has none', () => {
		const convolutions = hostsOf(declared.unet).filter(({path}) => isTarget('unet', path, 'all') && !isTarget('unet', path, 'transformer'));
		expect(convolutions).toHaveLength(50);
		expect(new Set(convolutions.map(({weight}) => String(weight.shape.slice(2))))).toEqual(new Set(['3,3']));
		const [down, up] = declareAdapter(convolutions.find(({path}) => path === 'down_blocks.1.resnets.0.conv1')!, 8);
		expect([down.name, down.shape, up.name, up.shape]).toEqual(['down_blocks.1.resnets.0.conv1.lora_A.weight', [8, 320, 3, 3], 'down_blocks.1.resnets.0.conv1.lora_B.weight', [640, 8, 1, 1]]);
	});
});
