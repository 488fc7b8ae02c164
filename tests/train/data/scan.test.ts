import {chmod, mkdir, readFile, symlink, writeFile} from 'node:fs/promises';
import {execFileSync} from 'node:child_process';
import path from 'node:path';
import {describe, expect, test} from 'vitest';
import {scanFolder, scanWarnings} from '../../../src/train/data/index.ts';
import {gradient, temporaryFolder} from './folder.ts';

const folder = temporaryFolder();
const names = (files: readonly {readonly file: string}[]) => files.map(({file}) => path.relative(folder.path, file));

describe('scanFolder', () => {
	test('finds images of every format in subfolders, in a fixed order, with their size as shown', async () => {
		await mkdir(folder.file('b/deep'), {recursive: true});
		await gradient(20, 10).png().toFile(folder.file('b/deep/one.png'));
		await gradient(20, 10).jpeg().withMetadata({orientation: 6}).toFile(folder.file('a.JPG'));
		await gradient(8, 8).webp().toFile(folder.file('c.webp'));
		await gradient(8, 8).tiff().toFile(folder.file('B.tiff'));
		await gradient(16, 16).avif().toFile(folder.file('d.avif'));
		await gradient(8, 8).gif().toFile(folder.file('e.gif'));
		// A name that does not say what it is.
		await gradient(8, 8).png().toFile(folder.file('f'));
		const {images, skipped} = await scanFolder(folder.path);
		expect(names(images)).toEqual(['B.tiff', 'a.JPG', 'b/deep/one.png', 'c.webp', 'd.avif', 'e.gif', 'f']);
		expect(images[1]).toMatchObject({width: 10, height: 20});
		expect(skipped).toEqual([]);
	});

	test('names every file that is no usable image, with the reason', async () => {
		await gradient(8, 8).png().toFile(folder.file('good.png'));
		await writeFile(folder.file('good.txt'), 'a caption');
		await writeFile(folder.file('notes.txt'), 'shopping list');
		await writeFile(folder.file('movie.mp4'), 'not a movie');
		await writeFile(folder.file('empty.png'), '');
		await writeFile(folder.file('drawing.svg'), '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>');
		await writeFile(folder.file('old.bmp'), Buffer.concat([Buffer.from('BM'), Buffer.alloc(100)]));
		await writeFile(folder.file('page.jpg'), '<html>404</html>');
		await symlink(folder.file('gone.png'), folder.file('link.png'));
		const {images, skipped} = await scanFolder(folder.path);
		expect(names(images)).toEqual(['good.png']);
		expect(Object.fromEntries(skipped.map(({file, reason}) => [path.basename(file), reason]))).toEqual({
			'drawing.svg': expect.stringContaining('SVG'),
			'empty.png': expect.stringContaining('empty'),
			'link.png': 'does not exist',
			'movie.mp4': 'is not an image',
			'notes.txt': expect.stringContaining('text without an image'),
			'old.bmp': expect.stringContaining('BMP'),
			'page.jpg': 'is not an image',
		});
	});

	test.each(['jpeg', 'png', 'webp', 'gif', 'tiff'] as const)('a %s that was cut off is skipped, though its header is whole', async format => {
		await gradient(8, 8).png().toFile(folder.file('good.png'));
		await gradient(300, 200).toFormat(format).toFile(folder.file('whole'));
		const whole = await readFile(folder.file('whole'));
		await writeFile(folder.file('cut'), whole.subarray(0, Math.floor(whole.length * 0.6)));
		const {images, skipped} = await scanFolder(folder.path);
		expect(names(images)).toEqual(['good.png', 'whole']);
		expect(skipped[0].reason).toMatch(/cut off|not an image/);
	});

	test('hidden files and folders are passed over in silence', async () => {
		await gradient(8, 8).png().toFile(folder.file('good.png'));
		await mkdir(folder.file('.ipynb_checkpoints'));
		await gradient(8, 8).png().toFile(folder.file('.ipynb_checkpoints/good-checkpoint.png'));
		await writeFile(folder.file('._good.png'), 'macOS keeps its notes here');
		await writeFile(folder.file('.DS_Store'), '');
		const {images, skipped} = await scanFolder(folder.path);
		expect(names(images)).toEqual(['good.png']);
		expect(skipped).toEqual([]);
	});

	test('a pipe among the images does not stop the scan', async () => {
		await gradient(8, 8).png().toFile(folder.file('good.png'));
		execFileSync('mkfifo', [folder.file('pipe.png')]);
		const {images, skipped} = await scanFolder(folder.path);
		expect([names(images), names(skipped)]).toEqual([['good.png'], ['pipe.png']]);
	});

	test('a folder that is linked into itself is entered once', async () => {
		await gradient(8, 8).png().toFile(folder.file('good.png'));
		await symlink(folder.path, folder.file('loop'));
		expect(names((await scanFolder(folder.path)).images)).toEqual(['good.png']);
	});

	test('a missing folder, a file and an empty folder are errors that say what to do', async () => {
		await writeFile(folder.file('file.txt'), '');
		await mkdir(folder.file('empty'));
		const fault = (name: string) => scanFolder(folder.file(name)).catch((error: unknown) => error);
		expect(await fault('missing')).toMatchObject({name: 'DataError', message: expect.stringContaining(`${folder.file('missing')} does not exist`), action: expect.stringContaining('path')});
		expect(await fault('file.txt')).toMatchObject({name: 'DataError', message: expect.stringContaining('is a file'), action: expect.any(String)});
		expect(await fault('empty')).toMatchObject({name: 'DataError', message: expect.stringContaining('is empty'), action: expect.stringContaining('PNG')});
		expect((await scanFolder(folder.file('empty'), {allowEmpty: true})).images).toEqual([]);
	});

	test('a folder with nothing but junk names the junk', async () => {
		await writeFile(folder.file('notes.txt'), 'shopping list');
		await expect(scanFolder(folder.path)).rejects.toThrow(/no usable image: notes\.txt/);
	});

	// Root may read everything.
	test.runIf(process.getuid?.() !== 0)('a folder without permission is an error, a file without permission is skipped', async () => {
		await gradient(8, 8).png().toFile(folder.file('good.png'));
		await gradient(8, 8).png().toFile(folder.file('locked.png'));
		await mkdir(folder.file('closed'));
		await chmod(folder.file('locked.png'), 0);
		await chmod(folder.file('closed'), 0);
		const {skipped} = await scanFolder(folder.path);
		expect(skipped.map(({file, reason}) => [path.basename(file), reason])).toEqual([['closed', 'may not be read by you'], ['locked.png', 'may not be read by you']]);
		await expect(scanFolder(folder.file('closed'))).rejects.toMatchObject({name: 'DataError', action: expect.stringContaining('chmod')});
		await chmod(folder.file('closed'), 0o700);
	});
});

describe('scanWarnings', () => {
	test('names and counts what is skipped and what is smaller than the resolution on any side', async () => {
		await gradient(64, 64).png().toFile(folder.file('right.png'));
		await gradient(63, 80).png().toFile(folder.file('narrow.png'));
		await writeFile(folder.file('notes.txt'), 'shopping list');
		const warnings = scanWarnings(await scanFolder(folder.path), [{width: 64, height: 64}]);
		expect(warnings).toEqual([
			`Skipped 1 file in ${folder.path}: notes.txt is a text without an image of its name.`,
			`1 image in ${folder.path} smaller than 64x64, so enlarged and blurred: narrow.png (63x80).`,
		]);
	});

	test('with buckets an image is judged by its own', async () => {
		await gradient(64, 32).png().toFile(folder.file('right.png'));
		await gradient(48, 60).png().toFile(folder.file('narrow.png'));
		const sizes = [{width: 64, height: 64}, {width: 64, height: 32}];
		expect(scanWarnings(await scanFolder(folder.path), sizes)).toEqual([`1 image in ${folder.path} smaller than their bucket, so enlarged and blurred: narrow.png (48x60 in 64x64).`]);
	});

	test('a long list is cut, with the number of the others', () => {
		const skipped = Array.from({length: 13}, (_, i) => ({file: `/x/${i}.mp4`, reason: 'is not an image'}));
		expect(scanWarnings({folder: '/x', images: [], skipped}, [{width: 64, height: 64}])[0]).toMatch(/^Skipped 13 files .*9\.mp4 is not an image; and 3 more\.$/);
	});
});
