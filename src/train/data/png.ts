import {readFile} from 'node:fs/promises';
import {crc32, deflateSync, inflateSync} from 'node:zlib';
import sharp from 'sharp';
import {atomicWriteFile} from '../weights/index.ts';

/** Pixels [height, width, 3]: bytes, or floats in −1 … 1 (clipped) as the autoencoder makes them. */
export interface Picture {
	readonly width: number;
	readonly height: number;
	readonly pixels: Uint8Array | Float32Array;
}

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** The signature and the header chunk, which has to come first. */
const headerLength = signature.length + 25;

/**
 * Writes a PNG with texts in it ("prompt", "seed", "parameters" …), so that a picture says how it was made. The file is there
 * completely or not at all. Throws RangeError for pixels that are not width·height·3.
 */
export async function writePng(file: string, {width, height, pixels}: Picture, text: Readonly<Record<string, string>> = {}): Promise<void> {
	if (pixels.length !== width * height * 3) throw new RangeError(`a ${width}x${height} picture has ${width * height * 3} values, not ${pixels.length}`);
	const png = await sharp(toBytes(pixels), {raw: {width, height, channels: 3}}).png().toBuffer();
	const chunks = Object.entries(text).map(([keyword, value]) => textChunk(keyword, value));
	await atomicWriteFile(file, Buffer.concat([png.subarray(0, headerLength), ...chunks, png.subarray(headerLength)]));
}

/** A PNG of bytes [height, width, 3], made at once and not in a thread: what a thousand small pictures a second need. */
export function encodePng({width, height, pixels}: Picture & {readonly pixels: Uint8Array}): Uint8Array {
	const header = Buffer.alloc(13);
	header.writeUInt32BE(width, 0);
	header.writeUInt32BE(height, 4);
	// 8 bits of red, green and blue.
	header.set([8, 2], 8);
	// The byte before each row says that it is stored as it is.
	const rows = new Uint8Array((width * 3 + 1) * height);
	for (let y = 0; y < height; y++) rows.set(pixels.subarray(y * width * 3, (y + 1) * width * 3), y * (width * 3 + 1) + 1);
	return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

/** The texts in a PNG by their keyword: tEXt, zTXt and iTXt chunks (PNG specification, 11.3.3); none for a file that is no PNG. */
export async function readPngText(file: string): Promise<Record<string, string>> {
	const png = await readFile(file);
	if (!png.subarray(0, signature.length).equals(signature)) return {};
	const texts: Record<string, string> = {};
	for (let at = signature.length; at + 12 <= png.length; at += 12 + png.readUInt32BE(at)) {
		const type = png.toString('latin1', at + 4, at + 8);
		const [keyword, value] = parseText(type, png.subarray(at + 8, at + 8 + png.readUInt32BE(at))) ?? [];
		if (keyword !== undefined && value !== undefined) texts[keyword] = value;
	}
	return texts;
}

const toBytes = (pixels: Uint8Array | Float32Array): Uint8Array =>
	pixels instanceof Uint8Array ? pixels : Uint8Array.from(Uint8ClampedArray.from(pixels, value => (value + 1) * 127.5));

/** tEXt where Latin-1 holds the text (every reader knows it), iTXt otherwise. */
function textChunk(keyword: string, text: string): Buffer {
	if (!/^[\u0021-\u007e](?:[\u0020-\u007e]{0,77}[\u0021-\u007e])?$/.test(keyword)) throw new RangeError(`"${keyword}" is no keyword for a text in a PNG: 1 to 79 ASCII characters`);
	const latin1 = /^[\n\u0020-\u007e\u00a0-\u00ff]*$/.test(text);
	return latin1
		? chunk('tEXt', Buffer.concat([Buffer.from(`${keyword}\0`, 'latin1'), Buffer.from(text, 'latin1')]))
		: chunk('iTXt', Buffer.concat([Buffer.from(`${keyword}\0\0\0\0\0`, 'latin1'), Buffer.from(text, 'utf8')]));
}

function chunk(type: string, contents: Buffer): Buffer {
	const framed = Buffer.alloc(contents.length + 12);
	framed.writeUInt32BE(contents.length, 0);
	framed.write(type, 4, 'latin1');
	contents.copy(framed, 8);
	framed.writeUInt32BE(crc32(framed.subarray(4, contents.length + 8)), contents.length + 8);
	return framed;
}

function parseText(type: string, contents: Buffer): [keyword: string, text: string] | undefined {
	if (!['tEXt', 'zTXt', 'iTXt'].includes(type)) return undefined;
	const [keyword, afterKeyword] = untilZero(contents, 0);
	switch (type) {
		case 'tEXt': {
			return [keyword, contents.toString('latin1', afterKeyword)];
		}
		case 'zTXt': {
			return [keyword, inflateSync(contents.subarray(afterKeyword + 1)).toString('latin1')];
		}
		default: {
			const [, afterLanguage] = untilZero(contents, afterKeyword + 2);
			const [, begin] = untilZero(contents, afterLanguage);
			const text = contents.subarray(begin);
			return [keyword, (contents[afterKeyword] === 1 ? inflateSync(text) : text).toString('utf8')];
		}
	}
}

/** The Latin-1 text up to the next zero byte, and where the bytes after it begin. */
function untilZero(contents: Buffer, begin: number): [text: string, next: number] {
	const end = contents.indexOf(0, begin);
	return end === -1 ? [contents.toString('latin1', begin), contents.length] : [contents.toString('latin1', begin, end), end + 1];
}
