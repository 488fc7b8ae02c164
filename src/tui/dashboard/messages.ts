import path from 'node:path';
import {formatDuration, formatSpan} from '../units.ts';
import {isEnded} from '../../train/protocol/index.ts';
import {epochEnd, type RunView} from '../run/index.ts';
import type {DashboardState} from './dashboard-state.ts';

export interface MessageLine {
	readonly text: string;
	readonly look: 'ok' | 'warn' | 'bad' | 'plain' | 'strong';
	/** A path: when it is too long its end is kept. */
	readonly path?: true;
}

/** The lines that stand above the log, most important first: the answer to a key, that the run is about to stop, how it ended. Each at most `columns` wide, but for paths. */
export function messageLines(view: RunView, state: DashboardState, {runFolder, columns}: {runFolder: string; columns: number}): readonly MessageLine[] {
	const answer = state.message ? wrapped(state.message.text, columns, state.message.kind) : [];
	return [...answer, ...(isEnded(view.status) ? [] : stoppingLines(view, state, columns)), ...outcomeLines(view, {runFolder, columns})];
}

/** A promise of the run to stop stands until it has ended: at the end of an epoch that may take long. */
function stoppingLines(view: RunView, {stopping}: DashboardState, columns: number): MessageLine[] {
	if (stopping === undefined) {
		return [];
	}

	const end = epochEnd(view);
	return wrapped(stopping === 'epoch-end' ? `Stops at the end of the epoch${end === undefined ? '' : `, after step ${end}`}.` : 'Stops after this step.', columns, 'warn');
}

/** Holds a command together on one line, to be copied; shown as a blank. */
const UNBROKEN = '\u00A0';

function outcomeLines(view: RunView, {runFolder, columns}: {runFolder: string; columns: number}): MessageLine[] {
	const resume = `dreambooth resume ${path.basename(runFolder)}`.replaceAll(' ', UNBROKEN);
	const {outcome} = view;
	if (view.status === 'crashed') {
		const last = view.checkpoints.at(-1);
		return [
			...wrapped(`The run died at step ${view.step} without saying why. What it printed last:`, columns, 'bad'),
			{text: path.join(runFolder, 'log.txt'), look: 'plain', path: true},
			...wrapped(last ? `Continue it from the checkpoint of step ${last.step}: ${resume}` : `It has no checkpoint yet. Start it again: ${resume}`, columns, 'strong'),
		];
	}

	if (outcome?.type === 'finished') {
		const tookMs = view.started ? outcome.time - view.started.time : undefined;
		const proof = view.proof?.file === outcome.output ? view.proof : undefined;
		const differs = proof && proof.meanDifference > proof.limit;
		return [
			...(differs ? wrapped(`The file does not make the picture that the run showed: they differ by ${Number(proof.meanDifference.toPrecision(2))} of 255. The log says what to do.`, columns, 'bad') : []),
			...wrapped(`Finished ${outcome.step} steps${tookMs === undefined ? '' : ` in ${formatDuration(tookMs / 1000)}`}. The model, as one file${outcome.folder === undefined ? '' : ' and as a diffusers folder'}:`, columns, differs ? 'warn' : 'ok'),
			{text: path.join(runFolder, outcome.output), look: 'strong', path: true},
			...(outcome.folder === undefined ? [] : [{text: path.join(runFolder, outcome.folder), look: 'plain', path: true} as const]),
			...(proof && !differs ? wrapped(`Loaded again, it makes the same picture (difference ${Number(proof.meanDifference.toPrecision(2))} of 255).`, columns, 'plain') : []),
		];
	}

	if (outcome?.type === 'failed') {
		return [
			...wrapped(`Failed at step ${outcome.step}: ${outcome.message}`, columns, 'bad'),
			...wrapped(`What to do: ${outcome.action}`, columns, 'strong'),
		];
	}

	if (outcome?.type === 'stopped') {
		return wrapped(`Stopped at step ${outcome.step}. ${outcome.resumable ? `Continue with: ${resume}` : 'It cannot be continued: no checkpoint was saved.'}`, columns, 'warn');
	}

	return [];
}

/** After this long a running run says that it is silent: the slowest steps we know take half of it. */
const SILENT_AFTER_MS = 60_000;

/** `no news for 3 min` when a live run has been silent; undefined otherwise. */
export function silence({status, lastNewsMs}: RunView, nowMs: number): string | undefined {
	const silentMs = nowMs - lastNewsMs;
	return status === 'running' && lastNewsMs > 0 && silentMs >= SILENT_AFTER_MS ? `no news for ${formatSpan(silentMs / 1000)}` : undefined;
}

function wrapped(text: string, columns: number, look: MessageLine['look']): MessageLine[] {
	return wrapWords(text, columns).map(line => ({text: line, look}));
}

/** Lines of at most `columns` characters, broken at blanks (but not at no-break spaces) where there are any. */
export function wrapWords(text: string, columns: number): string[] {
	const lines: string[] = [];
	let line = '';
	for (const word of text.split(/[ \t\n]+/)) {
		for (let rest = word; rest !== ''; rest = rest.slice(columns)) {
			const piece = rest.slice(0, columns);
			if (line !== '' && line.length + 1 + piece.length > columns) {
				lines.push(line);
				line = piece;
			} else {
				line = line === '' ? piece : `${line} ${piece}`;
			}
		}
	}

	return [...lines, ...(line === '' ? [] : [line])].map(text => text.replaceAll(UNBROKEN, ' '));
}
