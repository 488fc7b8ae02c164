import {choice} from '../setting.ts';

export const cacheLatents = choice({
	key: 'cacheLatents',
	group: 'memory',
	label: 'Cache latents',
	help: 'Encode each image once and keep the result, instead of at each step.',
	longHelp: 'With the cache the autoencoder works once and then leaves memory, so caching is both faster and smaller: a latent takes 128 KiB at 512 pixels. The distribution is kept, so each step still draws a fresh sample. '
		+ 'The disk keeps them for later runs, in the folder latents of the cache; they are made anew when the image, its size, crop, the autoencoder or the precision changes, and the folder may be deleted at any time. '
		+ 'The device saves a copy to it at each step, which is hardly noticeable, and takes its memory. '
		+ 'The extension asked the reverse question ("Don\'t Cache Latents") and kept one sample for the whole run.',
	choices: [
		{value: 'ram', help: 'encode once, keep in main memory'},
		{value: 'disk', help: 'encode once for all runs, keep in files'},
		{value: 'vram', help: 'encode once, keep on the device that trains'},
		{value: 'off', help: 'encode at each step'},
	],
	default: 'ram',
	extension: {keys: ['cache_latents', 'not_cache_latents'], english: 'Don\'t Cache Latents', chinese: '不缓存潜变量'},
	aliases: ['latent cache', 'cache to disk', '缓存潜变量'],
});
