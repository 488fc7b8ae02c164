import {setImmediate} from 'node:timers/promises';
import type {Train} from '../../src/train/session.ts';
import {runTrainer} from '../../src/train/trainer-process.ts';

/** Sums of a step: about 25 ms of one core. */
const SUMS = 20_000_000;

/** A trainer that computes as hard as a real one, always the same, so that what slows it down shows to a fraction of a percent. */
const train: Train = async session => {
	session.emit({type: 'started', runId: session.runId, pid: process.pid, device: 'cpu', deviceName: 'CPU'});
	let before = performance.now();
	for (let step = 1; ; step++) {
		let sum = 0;
		for (let index = 0; index < SUMS; index++) {
			sum += index % 7;
		}

		// Of all that lies between two steps, what the one before had to say included.
		const now = performance.now();
		const stepMs = now - before;
		before = now;
		session.emit({type: 'step', step, epoch: 1, samples: step, loss: sum > 0 ? 0.1 + 0.05 * Math.sin(step) : null, instanceLoss: 0.1, gradientNorm: 1, learningRate: 1e-4, stepMs});
		await setImmediate();
		if (session.commands.take()?.type === 'stop') {
			return {type: 'stopped', resumable: false};
		}
	}
};

await runTrainer(train);
