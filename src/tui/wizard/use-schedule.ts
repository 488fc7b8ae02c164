import {useEffect, useState} from 'react';
import {countImages, estimateRunSeconds, stepsOfRun, type Hardware} from '../../presets/index.ts';
import {formatSpan} from '../units.ts';
import type {Outcome} from './answers.ts';

/** How long the run will be, as a sentence: `10 images, 100 epochs: 1000 steps, roughly 2 h 30 min in all on 4 cores.` Undefined while the images are not known. */
export function useSchedule({config, model, place: {device}}: Outcome, {cpu: {cores}}: Hardware): string | undefined {
	const images = useImageCount(config.concepts.map(({instanceImages}) => instanceImages).join('\n'));
	if (images === undefined) {
		return undefined;
	}

	const steps = stepsOfRun(config, images);
	const seconds = model && device === 'cpu' ? estimateRunSeconds(config, model, {cores, images}) : undefined;
	const span = seconds === undefined ? '' : `, roughly ${formatSpan(seconds)} in all on ${cores} core${cores === 1 ? '' : 's'}`;
	return `${images} image${images === 1 ? '' : 's'}${config.maxSteps > 0 ? '' : `, ${config.epochs} epochs`}: ${steps} steps${span}.`;
}

/** Images in folders, a line each; undefined while one of them cannot be read. */
function useImageCount(folders: string): number | undefined {
	const [counted, setCounted] = useState<{readonly folders: string; readonly images: number}>();
	useEffect(() => {
		let isWanted = true;
		const count = async (): Promise<void> => {
			const counts = await Promise.all(folders.split('\n').filter(folder => folder !== '').map(countImages));
			if (isWanted && counts.length > 0) {
				setCounted({folders, images: counts.reduce((sum, {images}) => sum + images, 0)});
			}
		};

		count().catch(() => {
			// The step about images says what is wrong with the folder.
		});
		return () => {
			isWanted = false;
		};
	}, [folders]);
	return counted?.folders === folders ? counted.images : undefined;
}
