import type {DemoFigures} from '../evaluation-messages.ts';
import type {Attributes} from './attribute-probe.ts';
import type {Similarity} from './subject-similarity.ts';
import type {Picture} from './thumbnail.ts';

const SUBJECT = 'a photo of sks robot';
const CLASS = 'a photo of a robot';

/** From here on a picture shows the subject beyond doubt: other robots reach .10. */
const HIT = 0.12;

export interface DemoPrompt {
	readonly prompt: string;
	readonly seed: number;
}

const places: readonly (readonly [words: string, scene: Attributes['scene']])[] = [
	['on snow', 'snow'],
	['on the beach', 'beach'],
	['at night', 'night'],
	['in the city', 'city'],
	['in the desert', 'desert'],
	['in the forest', 'forest'],
	['underwater', 'sea'],
	['in space', 'space'],
];
const grounds: readonly Attributes['ground'][] = ['red', 'green', 'white', 'purple'];

/** Seeds far from those that class images and samples are made with: no picture is measured that was trained on. */
const asked = (prompts: readonly string[], firstSeed: number): DemoPrompt[] => prompts.map((prompt, i) => ({prompt, seed: firstSeed + i}));

/** Eight pictures would not do: of one model's, one eight has a mean similarity of .17 and another of .29. */
const SUBJECTS = 24;
/** Pictures of each place and ground. */
const TIMES = 2;

const placesAsked = Array.from({length: TIMES}, () => places).flat();
const groundsAsked = Array.from({length: TIMES}, () => grounds).flat();

const groups = {
	instance: asked(Array<string>(SUBJECTS).fill(SUBJECT), 90_100),
	class: asked(Array<string>(16).fill(CLASS), 90_200),
	places: asked(placesAsked.map(([words]) => `${SUBJECT} ${words}`), 90_300),
	grounds: asked(groundsAsked.map(colour => `${SUBJECT} on a ${colour} background`), 90_400),
};

/** The pictures that are measured: 24 of the subject, 16 of its class, 16 in places, 8 on plain grounds. */
export const demoPrompts: readonly DemoPrompt[] = [...groups.instance, ...groups.class, ...groups.places, ...groups.grounds];

/** Who looks at the pictures. */
export interface Judges {
	readonly subject: {similarity(picture: Picture): Similarity};
	readonly probe: {attributes(pictures: readonly Picture[]): readonly Attributes[]};
}

/** What was found in one picture. */
type Seen = Attributes & Pick<Similarity, 'similarity' | 'correlation'>;

/** Measures the pictures that one model makes of `demoPrompts`, which `makePictures` gives in their order. */
export async function evaluateDemo(makePictures: (prompts: readonly DemoPrompt[]) => AsyncIterable<Picture>, {subject, probe}: Judges): Promise<DemoFigures> {
	const pictures: Picture[] = [];
	for await (const picture of makePictures(demoPrompts)) pictures.push(picture);
	const attributes = probe.attributes(pictures);
	const seen = pictures.map((picture, i): Seen => {
		const {similarity, correlation} = subject.similarity(picture);
		return {...attributes[i], similarity, correlation};
	});
	let next = 0;
	const following = ({length}: readonly DemoPrompt[]) => seen.slice(next, next += length);
	const instance = following(groups.instance);
	const others = following(groups.class);
	const context = [
		...following(groups.places).map((picture, i) => ({...picture, isAsAsked: picture.scene === placesAsked[i][1]})),
		...following(groups.grounds).map((picture, i) => ({...picture, isAsAsked: picture.ground === groundsAsked[i]})),
	];

	const shows = ({similarity}: Seen) => similarity >= HIT;
	return {
		instance: {pictures: instance.length, similarity: mean(instance.map(({similarity}) => similarity)), correlation: mean(instance.map(({correlation}) => correlation)), hits: instance.filter(shows).length},
		context: {
			pictures: context.length,
			similarity: mean(context.map(({similarity}) => similarity)),
			sceneAsAsked: context.filter(({isAsAsked}) => isAsAsked).length,
			both: context.filter(picture => picture.isAsAsked && shows(picture)).length,
		},
		class: {pictures: others.length, similarity: mean(others.map(({similarity}) => similarity)), leaked: others.filter(shows).length, robots: others.filter(picture => picture.class === 'robot').length},
	};
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
