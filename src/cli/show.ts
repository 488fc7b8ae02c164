import type {Command} from 'commander';
import {dtypeText, type Contents, type Count} from '../train/show/index.ts';
import {showProgress} from './progress.ts';
import {table} from './table.ts';
import {say} from './watch.ts';

interface Options {
	readonly quick?: boolean;
	readonly json?: boolean;
}

export function declare(command: Command): void {
	command
		.argument('<FILE|FOLDER>', 'a safetensors file, or a diffusers folder')
		.option('--quick', 'from the header only: no hashes, norms and counts, which take a read of the whole file')
		.option('--json', 'one JSON object')
		.action(async (place: string, {quick, json}: Options) => {
			const {countNumbers, whatIs} = await import('../train/show/index.ts');
			const contents = await whatIs(place);
			const shown = showProgress('Reading the weights:');
			if (!json) say([contents.headline, ...noteLines(contents)].join('\n'));
			const count = quick ? undefined : await countNumbers(contents, {onProgress: shown.at}).finally(shown.clear);
			say(json ? JSON.stringify(asJson(contents, count), undefined, 2) : ['', ...partLines(contents, count), ...metadataLines(contents), ...hashLines(contents, count)].join('\n'));
		});
}

const noteLines = ({path, refusal, warnings}: Contents): string[] => [path, ...(refusal === undefined ? [] : [`It cannot be trained or used here: ${refusal}.`]), ...warnings];

function partLines({components, lora}: Contents, count: Count | undefined): string[] {
	const head = ['Part', 'Tensors', 'Numbers', 'Type', ...(count ? ['Norm', 'Largest', 'NaN', 'Infinite'] : [])];
	const rows = components.map(({name, tensors, parameters, dtypes}) => {
		const numbers = count?.numbers.get(name);
		const counted = count ? (numbers ? [numberText(Math.sqrt(numbers.sumOfSquares)), numberText(numbers.largest), String(numbers.nans), String(numbers.infinities)] : ['-', '-', '-', '-']) : [];
		return [name, String(tensors), parameters.toLocaleString('en-US'), dtypes.map(dtypeText).join(', '), ...counted];
	});
	return [...(lora ? [`${lora.modules} adapters`, ''] : []), ...table([head, ...rows])];
}

const numberText = (value: number): string => String(Number(value.toPrecision(4)));

const LONGEST_VALUE = 200;

function metadataLines({metadata}: Contents): string[] {
	const rows = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
	return rows.length === 0 ? ['', 'No metadata.'] : ['', 'Metadata', ...table(rows.map(([name, value]) => [`  ${printable(name)}`, valueText(value)]))];
}

/** A picture in the metadata is a line of a hundred thousand letters. */
function valueText(value: string): string {
	const image = /^data:image\/(\w+);base64,/.exec(value);
	if (image) return `a picture (${image[1]}, ${Math.ceil((value.length * 3) / 4000)} kB)`;
	const line = printable(value);
	return line.length > LONGEST_VALUE ? `${line.slice(0, LONGEST_VALUE)}... (${line.length} characters)` : line;
}

/** What comes from a file of somebody else must not steer the terminal. */
const printable = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();

function hashLines({kind}: Contents, count: Count | undefined): string[] {
	if (!count) return [];
	return count.hashes.flatMap(({path, sha256, autoV2, autoV3}) => [
		'',
		...(count.hashes.length > 1 ? [path] : []),
		...table([['sha256', sha256], ...(kind === 'folder' ? [] : [['AutoV2', autoV2]]), ...(kind === 'lora' ? [['AutoV3', autoV3]] : [])]),
	]);
}

const asJson = ({components, ...contents}: Contents, count: Count | undefined): object => ({
	...contents,
	files: contents.files.map(({path}) => path),
	components: components.map(component => {
		const numbers = count?.numbers.get(component.name);
		return {...component, ...(numbers && {norm: Math.sqrt(numbers.sumOfSquares), largest: numbers.largest, nans: numbers.nans, infinities: numbers.infinities})};
	}),
	...(count && {hashes: count.hashes}),
});
