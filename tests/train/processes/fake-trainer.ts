import fs from 'node:fs';
import path from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {asset} from '../../../src/presets/index.ts';
import {evaluationJobSchema, type EvaluationJob, type EvaluationProgress} from '../../../src/train/evaluation-messages.ts';
import type {Work} from '../../../src/train/job-messages.ts';
import {runJob} from '../../../src/train/job-worker.ts';
import {sampleJobSchema, type SampleImages} from '../../../src/train/sample-messages.ts';
import type {Session, Train} from '../../../src/train/session.ts';
import {runTrainer} from '../../../src/train/trainer-process.ts';
import {writeSafetensors} from '../../../src/train/weights/index.ts';

/** What the trainer of a test does besides counting; each part a step. */
interface Script {
	readonly dieAt?: number;
	readonly failAt?: number;
	readonly breakAt?: number;
	/** Runs out of memory at this step with batches larger than `roomFor`. */
	readonly fullAt?: number;
	readonly roomFor?: number;
	readonly stepMs?: number;
	/** Does not look at commands, as one that compiles for a long time. */
	readonly deaf?: boolean;
	/** Its process dies when it is to measure what a run has learned. */
	readonly cannotEvaluate?: boolean;
	/** Says something that is no event. */
	readonly babble?: boolean;
}

/**
 * A trainer that obeys the protocol and whose "weights" are one number, so that its processes can be tested in
 * milliseconds: each step adds the step's number, each checkpoint keeps the sum.
 */
const train: Train = async session => {
	const script = JSON.parse(process.env.FAKE_TRAINER ?? '{}') as Script;
	const {maxSteps, saveEverySteps} = session.config;
	let {step, sum} = session.checkpoint ? JSON.parse(fs.readFileSync(path.join(session.checkpoint, 'state.json'), 'utf8')) as {step: number; sum: number} : {step: 0, sum: 0};
	session.emit({type: 'started', runId: session.runId, pid: process.pid, device: 'cpu', deviceName: `sees GPU ${process.env.CUDA_VISIBLE_DEVICES} by ${process.env.CUDA_DEVICE_ORDER}`, ...(session.checkpoint && {resumedFromStep: step})});
	if (script.babble) {
		process.send!({type: 'event', event: {type: 'step', step: 'one'}});
	}

	while (step < maxSteps) {
		step++;
		sum += step;
		misbehave(script, step);
		if (step === script.fullAt && session.config.batchSize > (script.roomFor ?? 0)) {
			throw new Error('OOM when allocating tensor with shape[4096,4096] and type float on /job:localhost');
		}

		session.emit({type: 'step', step, epoch: 1, samples: step, loss: sum, instanceLoss: sum, gradientNorm: 1, learningRate: 1e-4, stepMs: 1});
		if (saveEverySteps > 0 && step % saveEverySteps === 0) {
			save(session, step, sum);
		}

		await delay(script.stepMs ?? 1);
		if (!script.deaf && await obey(session, step, sum)) {
			return {type: 'stopped', resumable: true};
		}
	}

	const output = path.join('output', `${session.config.name}.safetensors`);
	await writeSafetensors(path.join(session.runFolder, output), [], {sum: String(sum)});
	const folder = path.join('output', session.config.name);
	fs.cpSync(session.furtherFrom ?? asset('demo', 'base'), path.join(session.runFolder, folder), {recursive: true});
	return {type: 'finished', output, folder};
};

const sampleImages: SampleImages = async ({images, model, device, precision, lora, samplingSteps}, tell) => {
	const script = JSON.parse(process.env.FAKE_TRAINER ?? '{}') as Script;
	misbehave(script, 1);
	for (const [index, {file, prompt, seed}] of images.entries()) {
		fs.writeFileSync(file, JSON.stringify({prompt, seed, model, device, precision, lora, samplingSteps, sees: process.env.CUDA_VISIBLE_DEVICES}));
		tell({type: 'progress', share: (index + 1) / images.length});
		tell({type: 'image', file});
	}
};

/** Knows as much of pictures as the trainer of weights: it repeats what it was asked. */
const evaluateRun: Work<EvaluationJob, EvaluationProgress> = async ({trained, steps, prior}, tell) => {
	const {cannotEvaluate} = JSON.parse(process.env.FAKE_TRAINER ?? '{}') as Script;
	if (cannotEvaluate) {
		process.abort();
	}

	const figures = {
		instance: {pictures: 1, similarity: 0.1, correlation: 0.2, hits: 0},
		context: {pictures: 1, similarity: 0.1, sceneAsAsked: 1, both: 0},
		class: {pictures: 1, similarity: 0.1, leaked: 0, robots: 1},
	};
	tell({type: 'progress', share: 1});
	tell({type: 'evaluated', evaluation: {before: figures, after: figures, rows: [{label: `${path.basename(trained)}, ${steps} steps, prior ${prior}`, before: '.100', after: '.300', target: 'at least .20', reached: true}]}});
};

function misbehave(script: Script, step: number): void {
	if (step === script.dieAt) {
		console.error('terminate called without an active exception');
		process.abort();
	}

	if (step === script.failAt) {
		throw Object.assign(new Error('photos/dog-3.jpg is no image.'), {name: 'ImageError', action: 'Remove it.'});
	}

	if (step === script.breakAt) {
		throw new TypeError('x is not a function');
	}
}

/** Returns whether the run is to stop. */
async function obey(session: Session, step: number, sum: number): Promise<boolean> {
	for (let command = session.commands.take(); command; command = session.commands.take()) {
		switch (command.type) {
			case 'pause': {
				session.emit({type: 'paused', step});
				let next = await session.commands.wait();
				while (next.type !== 'resume' && next.type !== 'stop') {
					next = await session.commands.wait();
				}

				if (next.type === 'stop') {
					save(session, step, sum);
					return true;
				}

				session.emit({type: 'resumed', step});
				break;
			}

			case 'stop': {
				save(session, step, sum);
				return true;
			}

			case 'sample-now': {
				const prompt = command.prompts?.[0] ?? 'a photo of sks dog';
				session.emit({type: 'sample', step, index: 0, file: `samples/step-${step}-0.png`, prompt, negativePrompt: '', seed: 1, sampler: 'ddim', samplingSteps: 1, guidance: 1, width: 8, height: 8});
				break;
			}

			case 'checkpoint-now': {
				save(session, step, sum);
				break;
			}

			case 'set-sample-prompts': {
				session.emit({type: 'changed', step, samplePrompts: command.prompts});
				break;
			}

			case 'scale-learning-rate': {
				session.emit({type: 'changed', step, learningRateScale: command.factor});
				break;
			}

			case 'resume': {
				break;
			}
		}
	}

	return false;
}

function save(session: Session, step: number, sum: number): void {
	const folder = path.join('checkpoints', `step-${String(step).padStart(6, '0')}`);
	const unfinished = path.join(session.runFolder, 'checkpoints', 'unfinished');
	fs.mkdirSync(unfinished, {recursive: true});
	fs.writeFileSync(path.join(unfinished, 'state.json'), JSON.stringify({step, sum}));
	fs.rmSync(path.join(session.runFolder, folder), {recursive: true, force: true});
	fs.renameSync(unfinished, path.join(session.runFolder, folder));
	session.emit({type: 'checkpoint', step, folder, bytes: 20});
}

switch (process.argv[2]) {
	case '--sample': {
		await runJob(sampleJobSchema, sampleImages);
		break;
	}

	case '--evaluate': {
		await runJob(evaluationJobSchema, evaluateRun);
		break;
	}

	default: {
		await runTrainer(train);
	}
}
