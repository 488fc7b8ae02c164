import {ScheduleError} from './schedule-error.ts';
import type {Schedule} from './schedule.ts';

/** The factors of `rules`, each up to its step. Throws ScheduleError for a text that is no such rule. */
export const piecewiseConstant: Schedule<'piecewise_constant'> = {
	name: 'piecewise_constant',
	factor(step, {rules = '1'}) {
		const {pieces, last} = parseRules(rules);
		return pieces.find(({until}) => step < until)?.factor ?? last;
	},
};

function parseRules(rules: string): {pieces: {factor: number; until: number}[]; last: number} {
	const parts = rules.split(',').map(part => part.split(':').map(number => (number.trim() === '' ? Number.NaN : Number(number))));
	const last = parts.pop() ?? [];
	const pieces = parts.map(([factor, until]) => ({factor, until}));
	const wellFormed = last.length === 1 && last[0] >= 0 && parts.every(([factor, until, ...more]) => factor >= 0 && Number.isInteger(until) && more.length === 0);
	if (!wellFormed || pieces.some(({until}, i) => i > 0 && until <= pieces[i - 1].until)) {
		throw new ScheduleError(`"${rules}" is no rule for a piecewise learning rate.`, {action: 'Write factor:step pairs with rising steps and a last factor, such as 1:10,0.1:20,0.01.'});
	}
	return {pieces, last: last[0]};
}
