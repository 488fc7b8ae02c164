import {fuzzConfigFiles} from './config-files.ts';
import {fuzzWeightFiles} from './weight-files.ts';

/** `npm run fuzz`: 100 000 wrong safetensors and 10 000 wrong config files; `npm run fuzz -- weights 4711 1` is one case again. */
const [which, typedFrom = '0', typedCount] = process.argv.slice(2);
const suites = {
	weights: {title: 'mutated safetensors', fuzz: fuzzWeightFiles, count: 100_000},
	configs: {title: 'mutated config files', fuzz: fuzzConfigFiles, count: 10_000},
} as const;

const SHOWN = 20;
let failed = false;
for (const [name, {title, fuzz, count: usual}] of Object.entries(suites)) {
	if (which !== undefined && which !== name) continue;
	const [from, count] = [Number(typedFrom), Number(typedCount ?? usual)];
	const start = performance.now();
	const faults = await fuzz({from, count}, done => {
		if (done % 5000 === 0) console.log(`${title}: ${done} of ${count}`);
	});
	console.log(`${title}: ${count} cases from ${from} on in ${((performance.now() - start) / 1000).toFixed(0)} s, ${faults.length} faults`);
	for (const fault of faults.slice(0, SHOWN)) console.log(`  ${fault.split('\n', 3).join('\n').slice(0, 500)}`);
	failed ||= faults.length > 0;
}

process.exitCode = failed ? 1 : 0;
