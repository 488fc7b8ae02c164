import {open} from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import {fileFault, type FoundFile} from './files-under.ts';

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

/** What the image library calls the formats that are read; the first frame of an animated one. */
const readFormats: ReadonlySet<string> = new Set(['png', 'jpeg', 'webp', 'tiff', 'gif', 'heif']);

/** Images that people have and that are not read. */
const otherImages: Readonly<Record<string, string>> = {'.bmp': 'BMP', '.heic': 'HEIC', '.heif': 'HEIC', '.svg': 'SVG', '.psd': 'Photoshop', '.jxl': 'JPEG XL', '.jp2': 'JPEG 2000'};

/** Decodes an image to its end: what would fail in the middle of the training is found now. */
export async function lookAtImage({file, fault}: FoundFile): Promise<ScannedImage | SkippedFile> {
	if (fault) return {file, reason: fault};
	const extension = path.extname(file).toLowerCase();
	// As many as images, where each has a caption.
	if (isText(file)) return {file, reason: unreadable(extension)};
	let format: string | undefined;
	try {
		const image = sharp(file, {failOn: 'error'});
		const {autoOrient, ...metadata} = await image.metadata();
		({format} = metadata);
		if (!readFormats.has(format)) return {file, reason: unreadable(extension)};
		await image.raw().toBuffer();
		return {file, ...autoOrient};
	} catch {
		const reason = await faultOfFile(file);
		if (reason) return {file, reason};
		// With a format but no end: a download that broke off, or a format whose compression is missing here (HEIC).
		if (!format || extension in otherImages) return {file, reason: unreadable(extension)};
		// The image library's own words may be about another file: its threads share the place where it puts them.
		return {file, reason: 'is damaged or cut off'};
	}
}

export const isText = (file: string) => path.extname(file).toLowerCase() === '.txt';

/** What is wrong with the file itself, whatever it holds. */
async function faultOfFile(file: string): Promise<string | undefined> {
	try {
		const handle = await open(file);
		const {size} = await handle.stat().finally(() => handle.close());
		return size === 0 ? 'is an empty file' : undefined;
	} catch (error) {
		return fileFault(error);
	}
}

function unreadable(extension: string): string {
	if (extension in otherImages) return `${otherImages[extension]} images cannot be read: save it as PNG or JPEG`;
	return extension === '.txt' ? 'is a text without an image of its name' : 'is not an image';
}
