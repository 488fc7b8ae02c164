import {choice} from '../setting.ts';

export const cacheLatents = choice({
	key: 'cacheLatents',
	group: 'memory',
	label: 'Cache latents',
	help: 'Encode each image once and keep the result, instead of at each step.',
	longHelp: 'With the cache the autoencoder works once and then leaves memory, so caching is both faster and smaller: a latent takes 128 KiB at 512 pixels. The distribution is kept, so each step still draws a fresh sample. '
		+ 'The extension asked the reverse question ("Don\'t Cache Latents") and kept one sample for the whole run.',
	choices: [
		{value: 'ram', help: 'encode once, keep in main memory'},
		{value: 'off', help: 'encode at each step'},
	],
	default: 'ram',
	extension: {keys: ['cache_latents', 'not_cache_latents'], english: 'Don\'t Cache Latents', chinese: '不缓存潜变量'},
	aliases: ['latent cache', '缓存潜变量'],
});
