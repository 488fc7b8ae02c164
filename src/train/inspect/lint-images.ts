import path from 'node:path';
import type {TrainingConfig} from '../../presets/index.ts';
import {cutOff, sizeName, type FolderScan} from '../data/index.ts';
import {alike} from './difference-hash.ts';
import type {Finding} from './finding.ts';
import type {InspectedImage} from './inspect-images.ts';

/** Bits of 64 that two pictures of the same thing may differ in. */
const SAME_PICTURE_BITS = 5;

/** Files that are not used, images that are the same, too small, or lose much to the square. `scans`: of the concepts, in their order. */
export function lintImages(images: readonly InspectedImage[], scans: readonly FolderScan[], config: TrainingConfig): Finding[] {
	return [
		...scans.flatMap(({folder, skipped}, concept) => skipped.map(({file, reason}): Finding => {
			const name = path.relative(folder, file);
			return path.extname(file).toLowerCase() === '.txt'
				? {kind: 'captionWithoutImage', concept, files: [file], message: `${name} is a caption without an image of its name.`, cure: 'Name it as its image is named, or remove it.'}
				: {kind: 'skippedFile', concept, files: [file], message: `${name} is not used: it ${reason}.`, cure: 'Replace it, or take it out of the folder.'};
		})),
		...images.filter(({scale}) => scale > 1).map(({file, concept, original, bucket, scale}): Finding => ({
			kind: 'enlarged', concept, files: [file],
			message: `${path.basename(file)} (${sizeName(original)}) is enlarged ${scale.toFixed(1)} times to ${sizeName(bucket)}, so it is blurred.`,
			cure: 'Take a larger picture, or lower the resolution.',
		})),
		...alike(images, SAME_PICTURE_BITS).map((same): Finding => ({
			kind: 'duplicates', concept: same[0].concept, files: same.map(({file}) => file),
			message: `${same.map(({file}) => path.basename(file)).join(', ')} look the same.`,
			cure: 'Keep one of them, or the training learns that picture rather than the subject.',
		})),
		...mergedBuckets(images),
		...config.concepts.flatMap((_, concept) => mixedOrientation(images.filter(image => image.concept === concept), config)),
	];
}

const MOST_NAMED = 5;

/** Images that lose more than they would without a limit of buckets. */
function mergedBuckets(images: readonly InspectedImage[]): Finding[] {
	const merged = images.flatMap(({file, concept, original, bucket, nearest, cropped: {share}}) => (nearest ? [{file, concept, bucket, nearest, share, before: cutOff(original, nearest)}] : []));
	if (merged.length === 0) return [];
	const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
	const named = merged.slice(0, MOST_NAMED).map(({file, bucket, nearest, share, before}) => `${path.basename(file)} loses ${percent(share)} in ${sizeName(bucket)}, in ${sizeName(nearest)} it would be ${percent(before)}`);
	const more = merged.length > MOST_NAMED ? `; and ${merged.length - MOST_NAMED} more` : '';
	return [{
		kind: 'mergedBuckets', concept: merged[0].concept, files: merged.map(({file}) => file),
		message: `${merged.length === 1 ? '1 image is' : `${merged.length} images are`} not in the bucket nearest to ${merged.length === 1 ? 'it' : 'them'}, because each bucket is compiled and no more than maxBuckets are used: ${named.join('; ')}${more}.`,
		cure: 'Raise --max-buckets, at the cost of compiling for each, or cut these images by hand.',
	}];
}

/** Buckets keep proportions; a square cuts each orientation elsewhere. */
function mixedOrientation(images: readonly InspectedImage[], {crop}: TrainingConfig): Finding[] {
	const portrait = images.filter(({original}) => original.height > original.width);
	const landscape = images.filter(({original}) => original.width > original.height);
	if (crop === 'none' || portrait.length === 0 || landscape.length === 0) return [];
	return [{
		kind: 'mixedOrientation', concept: images[0].concept, files: [...portrait, ...landscape].map(({file}) => file),
		message: `Concept ${images[0].concept + 1} mixes ${portrait.length} upright and ${landscape.length} wide images, and all are cut to a square.`,
		cure: 'Set --crop none to keep the proportions, or look at the cut pictures with --crops FOLDER.',
	}];
}
