import {Box, Text} from 'ink';
import path from 'node:path';
import type {EventOf} from '../../train/protocol/index.ts';
import type {RunView} from '../run/index.ts';
import {pictureSize, usePicture, type PictureCache} from '../term/index.ts';
import {Row} from '../row.tsx';
import {useTheme} from '../theme.ts';
import {chosenSample, firstSample, shownSample, type DashboardState} from './dashboard-state.ts';
import {pairAreas, SEPARATOR_COLUMNS, type Area} from './layout.ts';

/** A sample image with a caption above and the steps to scrub through below: two rows more than `area`. */
export function SamplePane({view, state, runFolder, pictures, area}: {view: RunView; state: DashboardState; runFolder: string; pictures: PictureCache; area: Area}) {
	const sample = chosenSample(view, state);
	return (
		<Box flexDirection="column" width={area.columns}>
			<Caption view={view} state={state} sample={sample} columns={area.columns}/>
			<Box height={area.rows} width={area.columns} justifyContent="center">
				{sample ? <SampleImage runFolder={runFolder} sample={sample} pictures={pictures} area={area}/> : <NoSample view={view}/>}
			</Box>
			<Scrubber view={view} state={state} columns={area.columns}/>
		</Box>
	);
}

function NoSample({view}: {view: RunView}) {
	const theme = useTheme();
	return <Text {...theme.dim}>{view.phase?.phase === 'sampling' ? 'The first samples are being drawn.' : 'No sample yet.'}</Text>;
}

/** The picture alone, as large as the area allows. */
function SampleImage({runFolder, sample, pictures, area}: {runFolder: string; sample: EventOf<'sample'>; pictures: PictureCache; area: Area}) {
	const theme = useTheme();
	// A run that was taken back makes the same file anew.
	const size = pictureSize(sample, area);
	const picture = usePicture(pictures, {file: path.join(runFolder, sample.file), version: sample.time}, size);
	if (picture.state === 'unreadable') {
		return <Text {...theme.warn}>This picture cannot be read: {picture.reason}</Text>;
	}

	return <Box width={size.columns}><Text>{picture.state === 'ready' ? picture.rows.join('\n') : ''}</Text></Box>;
}

/** The first sample of a prompt beside the chosen one, with captions above and the steps to scrub through below: one row more than `area`. */
export function BeforeAfter({view, state, runFolder, pictures, area}: {view: RunView; state: DashboardState; runFolder: string; pictures: PictureCache; area: Area}) {
	const theme = useTheme();
	const chosen = chosenSample(view, state);
	const first = chosen && firstSample(view, chosen);
	const half = pairAreas(area);
	return (
		<Box flexDirection="column" width={area.columns} height={area.rows + 1}>
			<Box height={area.rows}>
				{[first, chosen].map((sample, index) => (
					<Box key={index} flexDirection="column" width={half.columns} marginRight={index === 0 ? SEPARATOR_COLUMNS : 0}>
						<Text wrap="truncate-end"><Text {...theme.strong}>{index === 0 ? 'before' : 'after'}</Text>{sample ? ` step ${sample.step} ` : ''}<Text {...theme.dim}>{sample?.prompt}</Text></Text>
						<Box height={half.rows} width={half.columns} justifyContent="center">
							{sample ? <SampleImage runFolder={runFolder} sample={sample} pictures={pictures} area={half}/> : <NoSample view={view}/>}
						</Box>
					</Box>
				))}
			</Box>
			<Scrubber view={view} state={state} columns={area.columns}/>
		</Box>
	);
}

function Caption({view, state, sample, columns}: {view: RunView; state: DashboardState; sample: EventOf<'sample'> | undefined; columns: number}) {
	const theme = useTheme();
	if (!sample) {
		return <Text {...theme.dim}>sample</Text>;
	}

	const count = shownSample(view.samples, state.sampleStep)?.sample.images.length ?? 0;
	return (
		<Row columns={columns}>
			<Text {...theme.strong}>step {sample.step}</Text>{count > 1 ? ` ${sample.index + 1}/${count}` : ''} <Text {...theme.dim}>{sample.prompt}</Text>
		</Row>
	);
}

/** `◀ 100 [200] 300 ▶`: the steps around the chosen one, as many as fit. */
function Scrubber({view, state, columns}: {view: RunView; state: DashboardState; columns: number}) {
	const theme = useTheme();
	const {left, right} = theme.glyphs;
	const shown = shownSample(view.samples, state.sampleStep);
	if (!shown) {
		return <Text> </Text>;
	}

	const {from, to} = stepsInReach(view.samples.map(({step}) => step), shown.index, columns - 6);
	return (
		<Row columns={columns}>
			<Text {...theme.dim}>{from > 0 ? left : ' '}</Text>
			{view.samples.slice(from, to).map(({step}, index) => from + index === shown.index ? <Text key={step} {...theme.accent} bold> [{step}]</Text> : <Text key={step} {...theme.dim}> {step}</Text>)}
			<Text {...theme.dim}>{to < view.samples.length ? ` ${right}` : ''}</Text>
		</Row>
	);
}

/** The widest range of steps around `chosen` whose numbers, a blank before each, fit in `columns`. */
export function stepsInReach(steps: readonly number[], chosen: number, columns: number): {from: number; to: number} {
	const width = (index: number): number => String(steps[index]).length + 1;
	let [from, to] = [chosen, chosen + 1];
	let room = columns - width(chosen);
	for (let grown = true; grown;) {
		grown = false;
		if (from > 0 && width(from - 1) <= room) {
			from--;
			room -= width(from);
			grown = true;
		}

		if (to < steps.length && width(to) <= room) {
			room -= width(to);
			to++;
			grown = true;
		}
	}

	return {from, to};
}
