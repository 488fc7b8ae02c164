import {open, stat} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import {atOnce} from '../at-once.ts';
import {bucketOf, sizeName, type Size} from './buckets.ts';
import {DataError} from './data-error.ts';
import {fileFault, filesUnder, type FoundFile} from './files-under.ts';

export interface ScannedImage {
	/** Absolute. */
	readonly file: string;
	/** Pixels as the image is shown, after its EXIF rotation. */
	readonly width: number;
	readonly height: number;
}

export interface SkippedFile {
	/** Absolute. */
	readonly file: string;
	readonly reason: string;
}

export interface FolderScan {
	readonly folder: string;
	readonly images: readonly ScannedImage[];
	/** Files that are not used, each with its reason. Hidden files and the captions of images are not among them. */
	readonly skipped: readonly SkippedFile[];
}

interface ScanOptions {
	readonly allowEmpty?: boolean;
	/** Files looked at, of all. */
	readonly onLook?: (done: number, total: number) => Promise<void>;
}

/** What the image library calls the formats that are read; the first frame of an animated one. */
const readFormats: ReadonlySet<string> = new Set(['png', 'jpeg', 'webp', 'tiff', 'gif', 'heif']);

/** Images that people have and that are not read. */
const otherImages: Readonly<Record<string, string>> = {'.bmp': 'BMP', '.heic': 'HEIC', '.heif': 'HEIC', '.svg': 'SVG', '.psd': 'Photoshop', '.jxl': 'JPEG XL', '.jp2': 'JPEG 2000'};

/** At least the threads that Node has for such work. */
const imagesAtOnce = Math.max(4, os.availableParallelism());

/**
 * Finds the images of a folder and its subfolders, in an order that is the same everywhere. Every image is decoded to its end: what
 * would fail in the middle of the training is named here.
 * @throws DataError when the folder is missing, may not be read, or (unless `allowEmpty`) holds no usable image.
 * @throws what `onLook` throws, which is awaited after each file
 */
export async function scanFolder(folder: string, {allowEmpty = false, onLook}: ScanOptions = {}): Promise<FolderScan> {
	const absolute = path.resolve(folder);
	const found = await openFolder(absolute);
	let done = 0;
	const looks = await atOnce(found, imagesAtOnce, async file => {
		const seen = await look(file);
		await onLook?.(++done, found.length);
		return seen;
	});
	const images = looks.filter(each => 'width' in each);
	const withImage = new Set(images.map(({file}) => withoutExtension(file)));
	const skipped = looks.filter(each => 'reason' in each).filter(({file}) => !(isText(file) && withImage.has(withoutExtension(file))));
	const scan = {folder: absolute, images, skipped};
	if (images.length === 0 && !allowEmpty) {
		throw new DataError(skipped.length === 0 ? `The folder ${absolute} is empty.` : `The folder ${absolute} holds no usable image: ${list(skipped.map(named(scan)))}.`, {
			action: 'Put the pictures there (PNG, JPEG, WebP, TIFF, AVIF or GIF), or choose another folder.',
		});
	}
	return scan;
}

/** Makes sure that a folder holds an image that can be used, and looks at no more of them than that takes. @throws DataError as scanFolder does */
export async function requireImage(folder: string): Promise<void> {
	for (const file of await openFolder(path.resolve(folder))) {
		if ('width' in (await look(file))) return;
	}
	await scanFolder(folder);
}

/** What the person should know about a scan before the training, one sentence for each kind of thing; `sizes`: those that the images are brought to. */
export function scanWarnings(scan: FolderScan, sizes: readonly Size[]): string[] {
	const placed = scan.images.map(image => ({image, size: bucketOf(image, sizes)}));
	const small = placed.filter(({image, size}) => image.width < size.width || image.height < size.height);
	const [target, of] = sizes.length === 1 ? [sizeName(sizes[0]), () => ''] : ['their bucket', (size: Size) => ` in ${sizeName(size)}`];
	const names = small.map(({image, size}) => `${path.relative(scan.folder, image.file)} (${sizeName(image)}${of(size)})`);
	return [
		...(scan.skipped.length > 0 ? [`Skipped ${count(scan.skipped, 'file')} in ${scan.folder}: ${list(scan.skipped.map(named(scan)))}.`] : []),
		...(small.length > 0 ? [`${count(small, 'image')} in ${scan.folder} smaller than ${target}, so enlarged and blurred: ${list(names)}.`] : []),
	];
}

async function openFolder(folder: string): Promise<FoundFile[]> {
	try {
		if (!(await stat(folder)).isDirectory()) throw new DataError(`${folder} is a file, not a folder of images.`, {action: 'Give the folder that the image lies in.'});
		return await filesUnder(folder);
	} catch (error) {
		if (error instanceof DataError) throw error;
		throw new DataError(`The image folder ${folder} ${fileFault(error)}.`, {action: 'Correct the path, or make the folder readable (chmod u+rx).', cause: error});
	}
}

async function look({file, fault}: FoundFile): Promise<ScannedImage | SkippedFile> {
	if (fault) return {file, reason: fault};
	const extension = path.extname(file).toLowerCase();
	// As many as images, where each has a caption.
	if (isText(file)) return {file, reason: unreadable(extension)};
	try {
		const handle = await open(file);
		const {size} = await handle.stat().finally(() => handle.close());
		if (size === 0) return {file, reason: 'is an empty file'};
	} catch (error) {
		return {file, reason: fileFault(error)};
	}
	let format: string | undefined;
	try {
		const image = sharp(file, {failOn: 'error'});
		const {autoOrient, ...metadata} = await image.metadata();
		({format} = metadata);
		if (!readFormats.has(format)) return {file, reason: unreadable(extension)};
		await image.raw().toBuffer();
		return {file, ...autoOrient};
	} catch (error) {
		// With a format but no end: a download that broke off, or a format whose compression is missing here (HEIC).
		if (!format || extension in otherImages) return {file, reason: unreadable(extension)};
		return {file, reason: `is damaged or cut off (${firstLine(error)})`};
	}
}

function unreadable(extension: string): string {
	if (extension in otherImages) return `${otherImages[extension]} images cannot be read: save it as PNG or JPEG`;
	return extension === '.txt' ? 'is a text without an image of its name' : 'is not an image';
}

const isText = (file: string) => path.extname(file).toLowerCase() === '.txt';
const withoutExtension = (file: string) => file.slice(0, file.length - path.extname(file).length);
const firstLine = (error: unknown) => (error instanceof Error ? error.message : String(error)).split('\n')[0];
const named = ({folder}: FolderScan) => ({file, reason}: SkippedFile) => `${path.relative(folder, file)} ${reason}`;
const count = ({length}: readonly unknown[], word: string) => `${length} ${word}${length === 1 ? '' : 's'}`;

const longestList = 10;

function list(names: readonly string[]): string {
	const more = names.length - longestList;
	return names.slice(0, longestList).join('; ') + (more > 0 ? `; and ${more} more` : '');
}
