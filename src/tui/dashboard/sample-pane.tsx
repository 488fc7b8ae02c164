import {Box, Text} from 'ink';
import path from 'node:path';
import type {EventOf} from '../../train/protocol/index.ts';
import type {RunView} from '../run/index.ts';
import {pictureSize, usePicture, type PictureCache} from '../term/index.ts';
import {useTheme} from '../theme.ts';
import {shownSample, type DashboardState} from './dashboard-state.ts';
import type {Area} from './layout.ts';

/** The sample that the person looks at: of the chosen step (else the newest) and prompt; undefined while there is none. */
export function chosenSample(view: RunView, state: DashboardState): EventOf<'sample'> | undefined {
	const images = shownSample(view.samples, state.sampleStep)?.sample.images ?? [];
	return images[state.prompt % Math.max(1, images.length)] ?? images.find(image => image !== undefined);
}

/** A sample image with a caption above and the steps to scrub through below: two rows more than `area`. */
export function SamplePane({view, state, runFolder, pictures, area}: {view: RunView; state: DashboardState; runFolder: string; pictures: PictureCache; area: Area}) {
	const sample = chosenSample(view, state);
	return (
		<Box flexDirection="column" width={area.columns}>
			<Caption view={view} state={state} sample={sample}/>
			<Box height={area.rows} width={area.columns} justifyContent="center">
				{sample ? <SampleImage file={path.join(runFolder, sample.file)} sample={sample} pictures={pictures} area={area}/> : <NoSample view={view}/>}
			</Box>
			<Scrubber view={view} state={state} columns={area.columns}/>
		</Box>
	);
}

function NoSample({view}: {view: RunView}) {
	const theme = useTheme();
	return <Text {...theme.dim}>{view.phase?.phase === 'sampling' ? 'The first samples are being drawn.' : 'No sample yet.'}</Text>;
}

function SampleImage({file, sample, pictures, area}: {file: string; sample: EventOf<'sample'>; pictures: PictureCache; area: Area}) {
	const theme = useTheme();
	const picture = usePicture(pictures, file, pictureSize(sample, area));
	if (picture.state === 'unreadable') {
		return <Text {...theme.warn}>This picture cannot be read: {picture.reason}</Text>;
	}

	return <Box flexDirection="column">{picture.state === 'ready' && picture.rows.map((row, index) => <Text key={index}>{row}</Text>)}</Box>;
}

function Caption({view, state, sample}: {view: RunView; state: DashboardState; sample: EventOf<'sample'> | undefined}) {
	const theme = useTheme();
	if (!sample) {
		return <Text {...theme.dim}>sample</Text>;
	}

	const count = shownSample(view.samples, state.sampleStep)?.sample.images.length ?? 0;
	return (
		<Text wrap="truncate-end">
			<Text {...theme.strong}>step {sample.step}</Text>{count > 1 ? ` ${sample.index + 1}/${count}` : ''} <Text {...theme.dim}>{sample.prompt}</Text>
		</Text>
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
		<Text wrap="truncate-end">
			<Text {...theme.dim}>{from > 0 ? left : ' '}</Text>
			{view.samples.slice(from, to).map(({step}, index) => from + index === shown.index ? <Text key={step} {...theme.accent} bold> [{step}]</Text> : <Text key={step} {...theme.dim}> {step}</Text>)}
			<Text {...theme.dim}>{to < view.samples.length ? ` ${right}` : ''}</Text>
		</Text>
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
