import type {Phase, RunEvent} from '../../train/protocol/index.ts';
import {formatBytes} from '../units.ts';

export interface LogLine {
	readonly timeMs: number;
	readonly kind: 'log' | 'event' | 'warning' | 'error';
	readonly text: string;
}

export const phaseNames: Readonly<Record<Phase, string>> = {
	'loading': 'loading the model',
	'scanning': 'looking at the images',
	'compiling': 'compiling the training step',
	'class-images': 'making class images',
	'caching': 'encoding the images',
	'sampling': 'drawing sample images',
	'training': 'training',
	'saving': 'saving',
};

/** An event in a sentence for the log; undefined for those that are shown otherwise (steps, memory, counts within a phase). */
export function describeEvent(event: RunEvent): LogLine | undefined {
	const line = (text: string, kind: LogLine['kind'] = 'event'): LogLine => ({timeMs: event.time, kind, text});
	switch (event.type) {
		case 'started': {
			return line(event.resumedFromStep === undefined ? `Started on ${event.deviceName}` : `Continued from step ${event.resumedFromStep} on ${event.deviceName}`);
		}

		case 'plan': {
			const classImages = event.classImages > 0 ? ` and ${event.classImages} class images` : '';
			return line(`${event.totalSteps} steps with ${event.instanceImages} images${classImages}, batch ${event.batchSize}, ${event.mode}, ${event.precision}`);
		}

		case 'phase': {
			// The phases that come again and again say themselves by what they make.
			const onlyOnce = event.phase !== 'training' && event.phase !== 'sampling' && event.phase !== 'saving';
			return onlyOnce && (event.done ?? 0) === 0 ? line(sentence(event.detail ?? phaseNames[event.phase])) : undefined;
		}

		case 'sample': {
			return line(`Sample of step ${event.step}: ${event.file}`);
		}

		case 'checkpoint': {
			return line(`Checkpoint of step ${event.step} saved, ${formatBytes(event.bytes)}`);
		}

		case 'proof': {
			const {file, step, maxDifference, meanDifference, limit} = event;
			const apart = `${Number(meanDifference.toPrecision(2))} of 255 on average, ${maxDifference} at most`;
			return meanDifference <= limit
				? line(`Proof: loaded again, the file makes the picture of step ${step}. Difference: ${apart}`)
				: line(
					`Loaded again, ${file} does not make the picture of step ${step}. Difference: ${apart}, where rounding explains ${limit} on average. `
						+ 'Do not rely on it: make pictures with the folder beside it (dreambooth sample); if they are right, write the file anew from the folder; if not, check the disk and save in f32 (outputPrecision)',
					'warning',
				);
		}

		case 'warning': {
			return line(event.message, 'warning');
		}

		case 'log': {
			return line(event.message, 'log');
		}

		case 'paused': {
			return line(`Paused at step ${event.step}`);
		}

		case 'resumed': {
			return line(`Goes on at step ${event.step}`);
		}

		case 'validation': {
			return line(`Validation loss ${event.loss.toFixed(4)} at step ${event.step}${event.best ? ', the best so far' : ''}`);
		}

		case 'changed': {
			const {step, learningRateScale, samplePrompts} = event;
			const rate = learningRateScale === undefined ? [] : [`learning rates x ${Number(learningRateScale.toPrecision(3))}`];
			return line(`From step ${step + 1} on: ${[...rate, ...(samplePrompts ? [`samples show ${samplePrompts.join(' | ')}`] : [])].join(', ')}`);
		}

		case 'restarted': {
			return line(`The trainer died (${event.cause}) and was started anew from step ${event.fromStep}`, 'warning');
		}

		case 'stopped': {
			return line(`Stopped at step ${event.step}${event.resumable ? '; it can be continued' : ''}`);
		}

		case 'finished': {
			return line(`Finished: ${event.output}`);
		}

		case 'failed': {
			return line(event.message, 'error');
		}

		default: {
			return undefined;
		}
	}
}

function sentence(text: string): string {
	return text.charAt(0).toUpperCase() + text.slice(1);
}
