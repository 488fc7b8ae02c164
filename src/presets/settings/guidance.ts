import {samples} from '../needs.ts';
import {real} from '../setting.ts';

export const guidance = real({
	key: 'guidance',
	group: 'sampling',
	label: 'Guidance scale',
	help: 'How closely sample images follow the prompt; 1 switches guidance off.',
	longHelp: 'The CFG scale. 7.5 is the usual value; too high looks harsh. Anything but 1 needs two passes of the UNet per sampling step. No effect on training itself.',
	min: 0,
	max: 30,
	step: 0.5,
	default: 7.5,
	needs: samples,
	aliases: ['Sample CFG Scale', '提示词引导系数', 'cfg', 'cfg scale', 'guidance_scale', '引导系数'],
});
