import {readFile} from 'node:fs/promises';
import path from 'node:path';
import {loadImage} from '../../src/train/data/index.ts';
import {openSafetensors} from '../../src/train/weights/index.ts';
import type {Section} from './check.ts';

interface ExpectedJson {
	readonly tolerance: Readonly<Record<string, number | string>>;
	readonly files: Readonly<Record<string, {readonly size_after_rotation: readonly [number, number]}>>;
}

export const images: Section = {
	title: '13. images',
	async *run(fixtures) {
		const folder = path.join(fixtures, 'images');
		const {tolerance, files} = JSON.parse(await readFile(path.join(folder, 'expected.json'), 'utf8')) as ExpectedJson;
		const toleranceOf = (kind: string) => Number(Object.entries(tolerance).find(([key]) => key.startsWith(kind))?.[1]);
		const expected = await openSafetensors(path.join(folder, 'expected.safetensors'));
		for (const [name, {size_after_rotation: size}] of Object.entries(files)) {
			const key = `${name}/bilinear_on_white`;
			const [channels, height, width] = expected.tensors.get(key)?.shape ?? [];
			const pixels = await loadImage(path.join(folder, name), {width, height, crop: 'center'});
			const bytes = await expected.readBytes(key);
			let sum = 0;
			for (const [i, byte] of bytes.entries()) {
				const [channel, pixel] = [Math.floor(i / (width * height)), i % (width * height)];
				sum += Math.abs((pixels[pixel * channels + channel] + 1) * 127.5 - byte);
			}
			const enlarged = Math.min(...size) < Math.min(width, height);
			yield {name: `${name} (mean difference in byte steps)`, worst: sum / bytes.length, tolerance: toleranceOf(enlarged ? 'mean_abs_in_byte_steps_when_enlarging' : 'mean_abs_in_byte_steps')};
		}
		await expected.close();
	},
};
