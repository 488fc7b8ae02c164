import {readFile} from 'node:fs/promises';
import path from 'node:path';
import {learningRateAt, type ScheduleName} from '../../src/train/optim/schedules/index.ts';
import {largestRelativeDifference, type Section} from './check.ts';

interface SchedulesJson {
	readonly base_learning_rate: number;
	readonly total_steps: number;
	readonly warmup_steps: number;
	readonly tolerance_relative: number;
	readonly cases: Readonly<Record<string, {readonly name: ScheduleName; readonly num_cycles?: number; readonly power?: number; readonly step_rules?: string; readonly values: readonly number[]}>>;
}

export const lrSchedules: Section = {
	title: '9. lr-schedules',
	async *run(fixtures) {
		const json = JSON.parse(await readFile(path.join(fixtures, 'lr-schedules', 'lr-schedules.json'), 'utf8')) as SchedulesJson;
		for (const [title, {name, num_cycles: cycles, power, step_rules: rules, values}] of Object.entries(json.cases)) {
			const options = {learningRate: json.base_learning_rate, warmupSteps: json.warmup_steps, totalSteps: json.total_steps, cycles, power, rules};
			const actual = values.map((_, step) => learningRateAt(name, step, options));
			yield {name: `learning rate ${title} (relative)`, worst: largestRelativeDifference(actual, values), tolerance: json.tolerance_relative};
		}
	},
};
