import {expect, it} from 'vitest';
import {isBlocking, parseConfig} from '../../src/presets/index.ts';
import {settingOf} from '../../src/presets/index.ts';

it('16. an unavailable optimizer is an error that names those there are, not a fallback', () => {
	for (const optimizer of ['prodigy', '8bit AdamW', 'adamw-8bit', '']) {
		const {config, problems} = parseConfig({baseModel: 'demo', optimizer, concepts: [{instanceImages: '.', instancePrompt: 'a photo of sks dog'}]});
		expect(config).toBeUndefined();
		const [problem] = problems.filter(isBlocking);
		expect(problem.key).toBe('optimizer');
		const setting = settingOf('optimizer');
		for (const {value} of setting.type === 'choice' ? setting.choices : []) expect(`${problem.message} ${problem.cure}`).toContain(value);
	}
});
