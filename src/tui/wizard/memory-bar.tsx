import {Text} from 'ink';
import type {MemoryLine} from '../../presets/index.ts';
import {Row} from '../row.tsx';
import {useTheme} from '../theme.ts';
import {formatBytes, formatBytesOf} from '../units.ts';
import type {Outcome} from './answers.ts';

/** The peak of the plan against the card or the main memory. */
export function MemoryBar({outcome: {plan, place: {name, totalBytes, availableBytes, usableBytes}}, columns}: {outcome: Outcome; columns: number}) {
	const theme = useTheme();
	if (!plan) {
		return <Row columns={columns}><Text {...theme.dim}>What it takes cannot be told without the base model; {formatBytes(availableBytes)} of {name} are free.</Text></Row>;
	}

	const {peakBytes} = plan;
	const verdict = peakBytes <= usableBytes ? {word: 'fits', look: theme.ok} : peakBytes <= availableBytes ? {word: 'barely fits', look: theme.warn} : {word: 'does not fit', look: theme.bad};
	const text = `${formatBytesOf(peakBytes, totalBytes)} of ${name}, ${formatBytes(availableBytes)} free: ${verdict.word}`;
	const cells = Math.max(8, columns - text.length - 6);
	const full = Math.min(cells, Math.round((peakBytes / totalBytes) * cells));
	const free = Math.min(cells - full, Math.max(0, Math.round(((availableBytes - peakBytes) / totalBytes) * cells)));
	return (
		<Row columns={columns}>
			peak{' '}
			<Text {...verdict.look}>{theme.glyphs.barFull.repeat(full)}</Text>
			<Text {...theme.dim}>{theme.glyphs.barEmpty.repeat(free)}{theme.glyphs.horizontal.repeat(cells - full - free)}</Text>
			{' '}<Text {...verdict.look}>{text}</Text>
		</Row>
	);
}

const lineNames: Readonly<Record<MemoryLine, string>> = {
	weights: 'weights', textEncoder: 'text encoder', autoencoder: 'autoencoder', gradients: 'gradients', optimizer: 'optimizer', ema: 'average', casts: 'half copies',
	activations: 'activations', attention: 'scores', working: 'at work', context: 'runtime', reserve: 'reserve',
};

/** What the peak is made of, the most first. */
export function MemoryLines({outcome: {plan}, columns}: {outcome: Outcome; columns: number}) {
	const theme = useTheme();
	const lines = Object.entries(plan?.peak.lines ?? {}) as [MemoryLine, number][];
	// Less than a hundredth of the peak is nothing to decide by.
	const large = lines.filter(([, bytes]) => plan && bytes >= plan.peakBytes / 100).sort(([, a], [, b]) => b - a);
	return <Row columns={columns}><Text {...theme.dim}>{large.map(([line, bytes]) => `${lineNames[line]} ${formatBytes(bytes)}`).join(', ') || ' '}</Text></Row>;
}
