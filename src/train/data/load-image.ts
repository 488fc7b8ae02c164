import {createHash} from 'node:crypto';
import {createReadStream} from 'node:fs';
import {pipeline} from 'node:stream/promises';
import sharp from 'sharp';
import {type RandomKey, uniformInt} from '../random.ts';
import {DataError} from './data-error.ts';

/** The size that an image is brought to, and which part of it is kept. */
export type ImageFit = {
	/** Pixels. */
	readonly width: number;
	readonly height: number;
	/** Mirror it left to right. */
	readonly flip?: boolean;
} & ({readonly crop: 'center'} | {readonly crop: 'random'; readonly key: RandomKey});

/**
 * An image as the autoencoder wants it: turned as its EXIF says, on white where it is transparent, in sRGB, scaled by
 * bilinear interpolation with antialias until it just covers width x height, and cropped. Returns [height, width, 3] in −1 … 1.
 * The same rules as diffusers' DreamBooth script, but for the transparency, which that drops.
 * @throws DataError when the file cannot be read.
 */
export async function loadImage(file: string, fit: ImageFit): Promise<Float32Array> {
	const {width, height} = fit;
	try {
		const original = (await sharp(file).metadata()).autoOrient;
		const scaled = coveringSize(original, fit);
		const {left, top} = cropCorner(scaled, fit);
		const bytes = await sharp(file, {failOn: 'error'})
			.autoOrient()
			.flatten({background: 'white'})
			.toColourspace('srgb')
			// Shrinking while decoding a JPEG would be another filter.
			.resize(scaled.width, scaled.height, {fit: 'fill', kernel: 'linear', fastShrinkOnLoad: false})
			// The image is mirrored before it is cropped.
			.extract({left: fit.flip ? scaled.width - width - left : left, top, width, height})
			.flop(fit.flip ?? false)
			.raw()
			.toBuffer();
		const values = new Float32Array(bytes.length);
		for (let i = 0; i < values.length; i++) values[i] = bytes[i] / 127.5 - 1;
		return values;
	} catch (error) {
		throw new DataError(`The image ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {action: 'Replace it, or take it out of the folder.', cause: error});
	}
}

/** SHA-256 of the file's bytes, in hex: changes whenever the image does. */
export async function imageHash(file: string): Promise<string> {
	const hash = createHash('sha256');
	await pipeline(createReadStream(file), hash);
	return hash.digest('hex');
}

interface Size {
	readonly width: number;
	readonly height: number;
}

/** The smallest size with the image's proportions that covers the target; the side that is too long is truncated to whole pixels. */
function coveringSize(original: Size, target: Size): Size {
	return target.width / original.width >= target.height / original.height
		? {width: target.width, height: Math.max(target.height, Math.floor((target.width * original.height) / original.width))}
		: {width: Math.max(target.width, Math.floor((target.height * original.width) / original.height)), height: target.height};
}

function cropCorner(scaled: Size, fit: ImageFit): {left: number; top: number} {
	const [freeX, freeY] = [scaled.width - fit.width, scaled.height - fit.height];
	if (fit.crop === 'center') return {left: halfToEven(freeX), top: halfToEven(freeY)};
	const along = (axis: string, free: number) => uniformInt(free + 1, {...fit.key, stream: `${fit.key.stream} ${axis}`});
	return {left: along('x', freeX), top: along('y', freeY)};
}

/** n / 2 rounded half to even, as Python rounds: 1 → 0, 3 → 2, 5 → 2. */
function halfToEven(n: number): number {
	const below = Math.floor(n / 2);
	return n % 2 === 0 || below % 2 === 0 ? below : below + 1;
}
