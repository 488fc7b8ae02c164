import {asset, readModelFacts} from '../presets/index.ts';
import {writePng} from './data/index.ts';
import {AttributeProbe, compareFigures, contactSheet, demoPrompts, evaluateDemo, Subject, type DemoPrompt, type Picture} from './demo/index.ts';
import {startEngine} from './engine.ts';
import type {EvaluationJob, EvaluationProgress} from './evaluation-messages.ts';
import type {Work} from './job-messages.ts';
import {samples} from './sampling.ts';
import {StableDiffusion} from './stable-diffusion.ts';
import {openModelFolder} from './weights/index.ts';

/** How the demo's recipe makes the pictures that it measures. */
const sampling = {sampler: 'ddim', steps: 20, guidance: 5} as const;
/** Pictures in a row of the sheet. */
const COLUMNS = 16;

/** Measures the demo's base model and what a run has made of it, and keeps the pictures that were measured. */
export const evaluateRun: Work<EvaluationJob, EvaluationProgress> = async ({trained, sheet, ...about}, tell) => {
	const {folder: base, resolution} = readModelFacts('demo');
	const {sideMode: mode, lanes} = startEngine(await openModelFolder(base), {pixels: resolution ** 2});
	const judges = {subject: await Subject.load(asset('demo', 'templates')), probe: await AttributeProbe.load(asset('demo', 'probe.safetensors'), {mode})};
	const size = {width: resolution, height: resolution};
	const made: Picture[] = [];

	const measure = async (folder: string) => {
		const model = await StableDiffusion.open(await openModelFolder(folder), {mode, lanes, clipSkip: 1});
		const before = made.length;
		return evaluateDemo(async function * (prompts: readonly DemoPrompt[]) {
			const requests = prompts.map(prompt => ({...prompt, negativePrompt: ''}));
			const onProgress = (share: number) => tell({type: 'progress', share: (before / demoPrompts.length + share) / 2});
			for await (const {pixels} of samples(model, requests, {...sampling, ...size, onProgress})) {
				const picture = {...size, pixels};
				made.push(picture);
				yield picture;
			}
		}, judges);
	};
	const before = await measure(base);
	const after = await measure(trained);

	const {pixels, ...sheetSize} = contactSheet(made, {columns: COLUMNS});
	await writePng(sheet, {...sheetSize, pixels}, {description: `The first ${demoPrompts.length} before training, the others after it.`});
	tell({type: 'evaluated', evaluation: {before, after, rows: compareFigures(before, after, about)}});
};
