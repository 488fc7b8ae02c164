import {Box, Text} from 'ink';
import {formatCount, formatDuration, formatPercent, formatSpeed} from '../units.ts';
import {phaseNames, remainingSeconds, speedOf, type RunView} from '../run/index.ts';
import {useTheme, type Look, type Theme} from '../theme.ts';
import {silence} from './messages.ts';

/** Two rows: what the run is and how far; a bar with the last checkpoint and sample. */
export function Header({view, title, columns, nowMs}: {view: RunView; title: string; columns: number; nowMs: number}) {
	const theme = useTheme();
	const status = statusOf(view, theme, nowMs);
	const progress = progressText(view);
	const made = madeText(view, theme.glyphs.bullet);
	return (
		<Box flexDirection="column" width={columns}>
			<Box justifyContent="space-between">
				<Box flexShrink={1} height={1} marginRight={2}>
					<Text wrap="truncate-end"><Text {...theme.strong}>{title}</Text> {theme.glyphs.bullet} <Text {...status.look}>{status.text}</Text></Text>
				</Box>
				<Box flexShrink={0}><Text>{progress}</Text></Box>
			</Box>
			<Box>
				<ProgressBar view={view} columns={columns - (made === '' ? 0 : made.length + 1)}/>
				{made !== '' && <Text {...theme.dim}> {made}</Text>}
			</Box>
		</Box>
	);
}

function ProgressBar({view, columns}: {view: RunView; columns: number}) {
	const theme = useTheme();
	const {barFull, barEmpty} = theme.glyphs;
	const full = Math.round(fraction(view) * columns);
	return <Text><Text {...theme.accent}>{barFull.repeat(full)}</Text><Text {...theme.dim}>{barEmpty.repeat(columns - full)}</Text></Text>;
}

/** Of the training; before it, of the phase that is being counted. */
function fraction({status, step, totalSteps, phase}: RunView): number {
	const [done, total] = status === 'starting' && phase?.total ? [phase.done ?? 0, phase.total] : [step, totalSteps];
	return total > 0 ? Math.min(1, done / total) : 0;
}

function progressText(view: RunView): string {
	const {step, totalSteps} = view;
	return totalSteps === 0 ? '' : `step ${formatCount(step, totalSteps)} ${formatPercent(step, totalSteps)} ${formatSpeed(speedOf(view))}  ETA ${formatDuration(view.status === 'finished' ? 0 : remainingSeconds(view))}`;
}

function madeText({checkpoints, samples}: RunView, bullet: string): string {
	const parts = [['checkpoint', checkpoints.at(-1)], ['sample', samples.at(-1)]] as const;
	return parts.flatMap(([name, last]) => last ? [`${name} ${last.step}`] : []).join(` ${bullet} `);
}

function statusOf(view: RunView, theme: Theme, nowMs: number): {text: string; look: Look} {
	const {status, phase} = view;
	const beside = phase && phase.phase !== 'training' ? `${phaseNames[phase.phase]}${phase.total ? ` ${formatCount(phase.done ?? 0, phase.total)}` : ''}` : undefined;
	switch (status) {
		case 'starting': {
			return {text: beside ?? 'starting', look: theme.accent};
		}

		case 'running': {
			const silent = silence(view, nowMs);
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
