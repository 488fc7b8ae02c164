import {stat} from 'node:fs/promises';
import path from 'node:path';
import {bucketOf, sizeName, type Size} from './buckets.ts';
import {DataError} from './data-error.ts';
import {fileFault, filesUnder, type FoundFile} from './files-under.ts';
import {ImageReader} from './image-reader.ts';
import {isText, lookAtImage, type ScannedImage, type SkippedFile} from './look-at-image.ts';

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

/**
 * Finds the images of a folder and its subfolders, in an order that is the same everywhere. Every image is decoded to its end: what
 * would fail in the middle of the training is named here.
 * @throws DataError when the folder is missing, may not be read, or (unless `allowEmpty`) holds no usable image.
 * @throws what `onLook` throws
 */
export async function scanFolder(folder: string, {allowEmpty = false, onLook}: ScanOptions = {}): Promise<FolderScan> {
	const absolute = path.resolve(folder);
	const found = await openFolder(absolute);
	const reader = new ImageReader(found.length);
	const looks = await reader.look(found, onLook).finally(() => reader.close());
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
		if ('width' in (await lookAtImage(file))) return;
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

const withoutExtension = (file: string) => file.slice(0, file.length - path.extname(file).length);
const named = ({folder}: FolderScan) => ({file, reason}: SkippedFile) => `${path.relative(folder, file)} ${reason}`;
const count = ({length}: readonly unknown[], word: string) => `${length} ${word}${length === 1 ? '' : 's'}`;

const longestList = 10;

function list(names: readonly string[]): string {
	const more = names.length - longestList;
	return names.slice(0, longestList).join('; ') + (more > 0 ? `; and ${more} more` : '');
}
