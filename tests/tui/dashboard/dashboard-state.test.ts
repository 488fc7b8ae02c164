import {describe, expect, test} from 'vitest';
import {initialState, reduceDashboard, shownSample, type DashboardAction, type DashboardState} from '../../../src/tui/dashboard/dashboard-state.ts';
import {stepsInReach} from '../../../src/tui/dashboard/sample-pane.tsx';
import {emptyView, foldEvents} from '../../../src/tui/run/index.ts';
import {recordedEvents} from '../recorded-run.ts';

const {samples} = foldEvents(emptyView, recordedEvents({totalSteps: 300, every: 100}));
const after = (...actions: readonly DashboardAction[]): DashboardState => {
	let state = initialState;
	for (const action of actions) {
		state = reduceDashboard(state, action);
	}

	return state;
};

const left: DashboardAction = {type: 'sample', by: -1, samples};
const right: DashboardAction = {type: 'sample', by: 1, samples};
const shownStep = (state: DashboardState, of = samples): number | undefined => shownSample(of, state.sampleStep)?.sample.step;

describe('scrubbing through samples', () => {
	test('begins at the newest, goes back to the first and no further', () => {
		expect(shownStep(after())).toBe(300);
		expect(shownStep(after(left))).toBe(200);
		expect(shownStep(after(left, left, left, left, left))).toBe(0);
	});

	test('follows new samples again once the newest was reached', () => {
		const more = foldEvents(emptyView, recordedEvents({totalSteps: 400, every: 100})).samples;
		expect(shownStep(after(left, right), more)).toBe(400);
		expect(shownStep(after(left), more)).toBe(200);
		expect(shownStep(after(left, {type: 'newest-sample'}), more)).toBe(400);
	});

	test('goes around the prompts', () => {
		const next: DashboardAction = {type: 'prompt', by: 1, count: 3};
		expect(after(next, next, next).prompt).toBe(0);
		expect(after({type: 'prompt', by: -1, count: 3}).prompt).toBe(2);
		expect(after({type: 'prompt', by: 1, count: 0}).prompt).toBe(0);
	});

	test('shows nothing while there is none', () => {
		expect(shownSample([], undefined)).toBeUndefined();
		expect(reduceDashboard(initialState, {type: 'sample', by: -1, samples: []}).sampleStep).toBeUndefined();
	});

	test.each([
		[[0, 100, 200, 300], 3, 40, {from: 0, to: 4}],
		[[0, 100, 200, 300], 3, 9, {from: 2, to: 4}],
		[[0, 100, 200, 300, 400], 2, 12, {from: 1, to: 4}],
		[[5], 0, 1, {from: 0, to: 1}],
	])('of the steps %j around number %i in %i columns are seen %j', (steps, chosen, columns, expected) => {
		expect(stepsInReach(steps, chosen, columns)).toEqual(expected);
	});
});

describe('leaving', () => {
	test('takes Ctrl-C twice; another key between them begins anew', () => {
		expect(after({type: 'leaving'})).toMatchObject({leaving: 'asked', message: {text: expect.stringContaining('Training continues')}});
		expect(after({type: 'leaving'}, {type: 'leaving'}).leaving).toBe('yes');
		expect(after({type: 'leaving'}, {type: 'quiet'}, {type: 'leaving'}).leaving).toBe('asked');
		expect(after({type: 'leaving'}, {type: 'show', mode: 'help'}).leaving).toBe('no');
	});
});
