import {useEffect, useState} from 'react';
import {countImages, estimateRunSeconds, stepsOfRun, type Hardware} from '../../presets/index.ts';
import {formatSpan} from '../units.ts';
import type {Outcome} from './answers.ts';

/** How long the run will be, as a sentence: `10 images, 100 epochs: 1000 steps, roughly 2 h 30 min in all on 4 cores.` Undefined while the images are not known. */
export function useSchedule({config, model, place: {device}}: Outcome, {cpu: {cores}}: Hardware): string | undefined {
	const folders = config.concepts.map(({instanceImages}) => instanceImages).filter(folder => folder !== '');
	const counts = useImageCounts(folders);
	const known = folders.map(folder => counts.get(folder));
	if (known.length === 0 || known.includes(undefined)) {
		return undefined;
	}

	const images = known.reduce<number>((sum, count) => sum + (count ?? 0), 0);
	const steps = stepsOfRun(config, images);
	const seconds = model && device === 'cpu' ? estimateRunSeconds(config, model, {cores, images}) : undefined;
	const span = seconds === undefined ? '' : `, roughly ${formatSpan(seconds)} in all on ${cores} core${cores === 1 ? '' : 's'}`;
	const several = known.length > 1 ? ` (${known.join(' + ')})` : '';
	return `${images} image${images === 1 ? '' : 's'}${several}${config.maxSteps > 0 ? '' : `, ${config.epochs} epochs`}: ${steps} steps${span}.`;
}

/** Images in each of the folders; those that cannot be read, or are not yet counted, are absent. */
export function useImageCounts(folders: readonly string[]): ReadonlyMap<string, number> {
	const asked = folders.join('\n');
	const [counted, setCounted] = useState<ReadonlyMap<string, number>>(new Map());
	useEffect(() => {
		let isWanted = true;
		const count = async (): Promise<void> => {
			const found = await Promise.all(asked.split('\n').map(async folder => [folder, await imagesIn(folder)] as const));
			if (isWanted) {
				setCounted(new Map(found.flatMap(([folder, images]) => (images === undefined ? [] : [[folder, images]]))));
			}
		};

		void count();
		return () => {
			isWanted = false;
		};
	}, [asked]);
	return counted;
}

/** The step about images says what is wrong with a folder that cannot be read. */
async function imagesIn(folder: string): Promise<number | undefined> {
	try {
		return folder === '' ? undefined : (await countImages(folder)).images;
	} catch {
		return undefined;
	}
}
