// Writes the tables of README.md and THIRD-PARTY-NOTICES.md, and a screen, each between its marks, from what they describe:
//   npx tsx scripts/write-tables.ts
import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {verbs} from '../src/cli/verbs.ts';
import {settingsTable} from '../src/presets/index.ts';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const read = (file: string): string => fs.readFileSync(path.join(root, file), 'utf8');

const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => [row(...head), `|${'---|'.repeat(head.length)}`, ...rows.map(cells => row(...cells))].join('\n');

/** A screen as the tests have seen it. */
const screenOf = (name: string): string => `\`\`\`\n${read(`tests/tui/screens/${name}.txt`).trimEnd()}\n\`\`\``;

const verbsTable = (): string => table(['Verb', 'What it does'], verbs.map(({name, summary}) => [`\`${name}\``, summary]));

/** What bench/cpu.ts has recorded. */
interface CpuResult {
	readonly cpu: string;
	readonly cores: number;
	readonly demo: {readonly ms: number; readonly deterministicMs: number; readonly diffusersMs?: number; readonly timesAsFast?: number};
	readonly sd15?: {readonly medianMs: number; readonly peakResidentBytes: number};
}

/** What bench/memory.ts has recorded. */
interface MemoryResult {
	/** Of planned from measured memory, as a share. */
	readonly largestDifference: number;
	readonly runs: readonly {readonly cpu: string; readonly cores: number}[];
}

/** What bench/demo-quality.ts has recorded. */
interface DemoResult {
	readonly cpu: string;
	readonly cores: number;
	readonly measured: readonly {readonly prior: boolean; readonly steps: number; readonly seconds: number; readonly trainingSeconds: number; readonly rows: readonly {readonly reached?: boolean}[]}[];
}

/** What bench/tui.ts has recorded, all parts or some. */
interface ScreenResult {
	readonly machine: {readonly cpu: string; readonly cores: number};
	readonly steady?: readonly {readonly columns: number; readonly rows: number; readonly bytesPerSecond: number; readonly cpuShare: number; readonly residentBytes: number}[];
	readonly firstFrame?: {readonly medianMs: number};
}

/** What was measured on a GPU with bench/gpu. */
interface GpuResult {
	readonly gpu: string;
	readonly model: string;
	readonly steps: readonly {readonly mode: string; readonly medianMs: number; readonly gpuBytes: number}[];
	readonly demo: {readonly medianMs: number};
	readonly golden: {readonly checks: number; readonly failed: number};
	readonly goldenInHalves: {readonly checks: number; readonly failed: number};
}

/** What bench/gpu/table.ts has recorded. */
interface GpuTable {
	readonly gpu: string;
	readonly diffusers: string;
	readonly rows: readonly {
		readonly row: string;
		readonly what: string;
		readonly medianMs?: number;
		readonly startedAgainMs?: number;
		readonly firstStart?: {readonly ms: number; readonly gpuBytes: number};
		readonly alone?: {readonly ms: number; readonly freeGiB?: number};
		readonly diffusers?: {readonly medianMs: number};
	}[];
}

/** The recorded measurements in bench/results, and nothing else. */
function performanceTable(): string {
	const cpu = recorded<CpuResult>('cpu.json');
	const memory = recorded<MemoryResult>('memory-cpu.json');
	const demo = recorded<DemoResult>('demo-quality.json');
	const screen = recorded<ScreenResult>('tui.json');
	const gpu = recorded<GpuResult>('gpu.json');
	const gpuTable = recorded<GpuTable>('gpu-table.json');
	const ofMemory = memory ? [['Memory plan and resident memory', `at most ${(100 * memory.largestDifference).toFixed(0)} % apart in ${memory.runs.length} configurations`, [...new Set(memory.runs.map(({cpu, cores}) => `${cpu}, ${cores} cores`))].join('; '), '`npx tsx bench/memory.ts`']] : [];
	const rows = [...(cpu ? cpuRows(cpu) : []), ...(demo ? demoRows(demo) : []), ...ofMemory, ...(gpuTable ? gpuTableRows(gpuTable) : []), ...(gpu ? gpuRows(gpu) : []), ...(screen ? screenRows(screen) : [])];
	return rows.length === 0 ? 'No measurement has been recorded in `bench/results` yet.' : table(['What', 'Measured', 'On', 'By'], rows);
}

function cpuRows({cpu, cores, demo, sd15}: CpuResult): string[][] {
	const [on, by] = [`${cpu}, ${cores} cores`, '`npx tsx bench/cpu.ts`'];
	const peer = demo.diffusersMs !== undefined && demo.timesAsFast !== undefined ? `; PyTorch and diffusers ${demo.diffusersMs.toFixed(0)} ms, ${demo.timesAsFast.toFixed(2)} times as long` : '';
	return [
		['A training step of the demo, batch 4 + 4', `${demo.ms.toFixed(0)} ms${peer}`, on, by],
		['The same, deterministic', `${demo.deterministicMs.toFixed(0)} ms`, on, by],
		...(sd15 ? [['A training step of SD 1.5, full UNet, f32, 256x256', `${(sd15.medianMs / 1000).toFixed(1)} s, ${(sd15.peakResidentBytes / 1e9).toFixed(1)} GB at most`, on, by]] : []),
	];
}

function demoRows({cpu, cores, measured}: DemoResult): string[][] {
	const targets = measured.flatMap(({rows}) => rows.filter(({reached}) => reached !== undefined));
	const withPrior = measured.filter(({prior}) => prior);
	const span = (seconds: readonly number[]) => `${Math.min(...seconds)} to ${Math.max(...seconds)} s`;
	const took = withPrior.length > 0 ? `; ${withPrior[0]!.steps} steps in ${span(withPrior.map(({trainingSeconds}) => trainingSeconds))}, with class images and samples ${span(withPrior.map(({seconds}) => seconds))}` : '';
	return [['What the demo learns, by its own targets', `${targets.filter(({reached}) => reached).length} of ${targets.length} reached${took}`, `${cpu}, ${cores} cores`, '`npx tsx bench/demo-quality.ts`']];
}

function gpuTableRows({gpu, diffusers, rows}: GpuTable): string[][] {
	const by = '`bench/gpu/table.ts` (bench/results/gpu-table.json)';
	const steps = rows.filter(({row}) => !row.startsWith('sampling'));
	const again = steps.flatMap(({startedAgainMs}) => startedAgainMs ?? []);
	const alone = steps.flatMap(row => row.alone?.ms ?? []);
	const beside = steps.flatMap(({firstStart}) => firstStart?.ms ?? []);
	const seconds = (values: readonly number[]) => `${Math.round(Math.min(...values) / 1000)} to ${Math.round(Math.max(...values) / 1000)} s`;
	return [
		...rows.map(({what, medianMs, firstStart, alone: start, diffusers: peer}) => [
			what,
			[
				...(medianMs === undefined ? [] : [`${medianMs.toFixed(0)} ms`]),
				...(firstStart ? [`${(firstStart.gpuBytes / 2 ** 30).toFixed(1)} GiB by the driver's count`] : []),
				...(start?.freeGiB === undefined ? [] : [`started on a card with ${start.freeGiB.toFixed(1)} GiB free`]),
				...(peer ? [`diffusers ${peer.medianMs.toFixed(0)} ms (${diffusers})`] : []),
			].join('; '),
			gpu,
			by,
		]),
		['The first of these steps', [
			`${seconds(alone)} alone`,
			`${seconds(beside)} beside others that compile`,
			`${seconds(again)} once compiled`,
		].join('; '), gpu, by],
	];
}

function gpuRows({gpu, model, steps, demo, golden, goldenInHalves}: GpuResult): string[][] {
	const graph = steps.find(({mode}) => mode === 'graph');
	const by = '`bench/gpu` (bench/results/gpu.json)';
	const passed = ({checks, failed}: GpuResult['golden']) => `${checks - failed} of ${checks}`;
	return [
		...(graph ? [[`A training step of ${model}, as a plain graph`, `${graph.medianMs.toFixed(0)} ms, ${(graph.gpuBytes / 2 ** 30).toFixed(1)} GiB`, gpu, by]] : []),
		['A training step of the demo, batch 4 + 4, bf16', `${demo.medianMs.toFixed(1)} ms`, gpu, by],
		['Golden numbers, f32', `${passed(golden)} within the CPU's tolerances`, gpu, by],
		['Golden numbers, bf16 and f16', `${passed(goldenInHalves)} within the stated tolerances`, gpu, by],
	];
}

function screenRows({machine: {cpu, cores}, steady = [], firstFrame}: ScreenResult): string[][] {
	const [on, by] = [`${cpu}, ${cores} cores`, '`npx tsx bench/tui.ts`'];
	return [
		...steady.map(({columns, rows, bytesPerSecond, cpuShare, residentBytes}) => [`The dashboard at ${columns}x${rows}, two events a second`, `${(bytesPerSecond / 1000).toFixed(1)} kB/s to the terminal, ${(100 * cpuShare).toFixed(0)} % of a core, ${(residentBytes / 2 ** 20).toFixed(0)} MiB`, on, by]),
		...(firstFrame ? [['From the command to the first screen', `${(firstFrame.medianMs / 1000).toFixed(1)} s`, on, by]] : []),
	];
}

function recorded<Result>(name: string): Result | undefined {
	const file = path.join(root, 'bench/results', name);
	return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) as Result : undefined;
}

/** Every package that the program needs to run, on any machine, by licence. */
function packagesTable(): string {
	const {packages} = JSON.parse(read('package-lock.json')) as {packages: Record<string, {version: string; license?: string; dev?: boolean; devOptional?: boolean}>};
	const byLicence = new Map<string, Set<string>>();
	for (const [folder, {version, license = 'not stated', dev, devOptional}] of Object.entries(packages)) {
		if (folder !== '' && !dev && !devOptional) {
			const names = byLicence.get(license) ?? new Set();
			byLicence.set(license, names.add(`${folder.replace(/^.*node_modules\//, '')} ${version}`));
		}
	}

	return table(['Licence', 'Packages'], [...byLicence].sort(([a], [b]) => a.localeCompare(b, 'en')).map(([licence, names]) => [licence, [...names].sort().join(', ')]));
}

const tables: Readonly<Record<string, Readonly<Record<string, () => string>>>> = {
	'README.md': {memory: () => screenOf('wizard-memory'), verbs: verbsTable, settings: settingsTable, performance: performanceTable},
	'THIRD-PARTY-NOTICES.md': {packages: packagesTable},
};

/** The documents that hold such parts. */
export const documents = Object.keys(tables);

/** A document as it is, and as it should be. @throws when a mark is missing */
export function document(file: string): {is: string; shouldBe: string} {
	const is = read(file);
	let shouldBe = is;
	for (const [name, make] of Object.entries(tables[file]!)) {
		const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
		const [from, to] = [shouldBe.indexOf(begin) + begin.length, shouldBe.indexOf(end)];
		if (from < begin.length || to < from) {
			throw new Error(`${file} lacks the marks ${begin} and ${end}.`);
		}

		shouldBe = `${shouldBe.slice(0, from)}\n\n${make().trim()}\n\n${shouldBe.slice(to)}`;
	}

	return {is, shouldBe};
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	documents.forEach(file => fs.writeFileSync(path.join(root, file), document(file).shouldBe));
}
