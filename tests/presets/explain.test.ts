import {expect, test} from 'vitest';
import {explainSetting, searchSettings} from '../../src/presets/index.ts';

test.each([
	['attention', 'attention'],
	['显存注意力类型', 'attention'],
	['Memory Attention', 'attention'],
	['xformers', 'attention'],
	['not_cache_latents', 'cacheLatents'],
	['Don\'t Cache Latents', 'cacheLatents'],
	['不缓存潜变量', 'cacheLatents'],
	['训练文本编码器', 'trainTextEncoder'],
	['先验损失权重', 'priorLossWeight'],
	['AdamW 权重衰减', 'weightDecay'],
	['分辨率', 'resolution'],
	['--learning-rate', 'learningRate'],
	['class_data_dir', 'classImages'],
])('%s is explained as %s', (name, key) => {
	expect(explainSetting(name)).toMatch(new RegExp(`\\(${key}, --`));
});

test('an explanation has range, default, choices and the extension\'s names', () => {
	const text = explainSetting('precision');
	for (const part of ['one of f32, bf16', 'Default: f32', 'mixed_precision', '混合精度']) {
		expect(text).toContain(part);
	}
});

test('an unknown name brings the nearest ones', () => {
	expect(explainSetting('lerning rat')).toMatch(/Did you mean:\n {2}learningRate/);
	expect(explainSetting('memory')).toContain('attention');
	expect(explainSetting('qqqqqqqqqqqqqqqq')).toBe('There is no setting called qqqqqqqqqqqqqqqq.');
});

test('a search finds words of names and help in both languages, the exact name first', () => {
	expect(searchSettings('learning rate')[0].key).toBe('learningRate');
	expect(searchSettings('权重').map(({key}) => key)).toEqual(expect.arrayContaining(['priorLossWeight', 'weightDecay']));
	const found = searchSettings('text encoder rate').map(({key}) => key);
	expect(found).toEqual(expect.arrayContaining(['textEncoderLearningRate', 'loraTextEncoderLearningRate']));
	expect(found).not.toContain('learningRate');
	expect(searchSettings('   ')).toEqual([]);
});
