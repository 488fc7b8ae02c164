import {Box, Text} from 'ink';
import {formatCount, formatDuration, formatPercent, formatSpeed} from '../units.ts';
import {phaseNames, remainingSeconds, speedOf, type RunView} from '../run/index.ts';
import {Row} from '../row.tsx';
import {useTheme, type Look, type Theme} from '../theme.ts';
import {silence} from './messages.ts';

/** Columns that are kept for the name of the run and its state. */
const SMALLEST_TITLE = 16;

/** Two rows: what the run is and how far; a bar with the last checkpoint and sample. */
export function Header({view, title, columns, nowMs}: {view: RunView; title: string; columns: number; nowMs: number}) {
	const theme = useTheme();
	const status = statusOf(view, theme, nowMs);
	const progress = progressText(view, columns - SMALLEST_TITLE);
	const {bullet, barFull, barEmpty} = theme.glyphs;
	const made = madeText(view, bullet);
	const barColumns = columns - (made === '' ? 0 : made.length + 1);
	const full = Math.round(fraction(view) * barColumns);
	return (
		<Box flexDirection="column" width={columns}>
			<Box height={1}>
				<Box width={columns - progress.length} paddingRight={2}>
					<Row columns={columns - progress.length - 2}><Text {...theme.strong}>{title}</Text> {bullet} <Text {...status.look}>{status.text}</Text></Row>
				</Box>
				<Row columns={progress.length}>{progress}</Row>
			</Box>
			<Row columns={columns}>
				<Text {...theme.accent}>{barFull.repeat(full)}</Text><Text {...theme.dim}>{barEmpty.repeat(barColumns - full)}</Text>
				{made !== '' && <Text {...theme.dim}> {made}</Text>}
			</Row>
		</Box>
	);
}

/** Of the training; before it, of the phase that is being counted. */
function fraction({status, step, totalSteps, phase}: RunView): number {
	const [done, total] = status === 'starting' && phase?.total ? [phase.done ?? 0, phase.total] : [step, totalSteps];
	return total > 0 ? Math.min(1, done / total) : 0;
}

/** As much of it as fits; the speed can be missed first. */
function progressText(view: RunView, columns: number): string {
	const {step, totalSteps} = view;
	if (totalSteps === 0) {
		return '';
	}

	const count = `step ${formatCount(step, totalSteps)} ${formatPercent(step, totalSteps)}`;
	const left = `ETA ${formatDuration(view.status === 'finished' ? 0 : remainingSeconds(view))}`;
	return [`${count} ${formatSpeed(speedOf(view))}  ${left}`, `${count}  ${left}`].find(({length}) => length <= columns) ?? count;
}

function madeText({checkpoints, samples}: RunView, bullet: string): string {
	const parts = [['checkpoint', checkpoints.at(-1)], ['sample', samples.at(-1)]] as const;
	return parts.flatMap(([name, last]) => last ? [`${name} ${last.step}`] : []).join(` ${bullet} `);
}

function statusOf(view: RunView, theme: Theme, nowMs: number): {text: string; look: Look} {
	const {status, phase} = view;
	const isCompiling = phase?.phase === 'compiling';
	const count = phase?.total ? ` ${formatCount(phase.done ?? 0, phase.total)}` : isCompiling ? ` ${formatDuration((nowMs - phase.time) / 1000)}` : '';
	const beside = phase && phase.phase !== 'training' ? `${phaseNames[phase.phase]}${count}` : undefined;
	switch (status) {
		case 'starting': {
			return {text: beside ?? 'starting', look: theme.accent};
		}

		case 'running': {
			const silent = isCompiling ? undefined : silence(view, nowMs);
			return silent === undefined ? {text: beside ?? 'running', look: theme.ok} : {text: silent, look: theme.warn};
		}

		case 'finished': {
			return {text: `${theme.glyphs.check} finished`, look: theme.ok};
		}

		case 'failed':
		case 'crashed': {
			return {text: `${theme.glyphs.cross} ${status}`, look: theme.bad};
		}

		default: {
			return {text: status, look: theme.warn};
		}
	}
}
