// The other way: what diffusers, peft, kohya's sd-scripts and diffusers' LDM converter write, opened by dreambooth. Pictures of the demo must be the same,
// tensors of the published sizes equal.
//   npx tsx interop/makers.ts --python PYTHON [--sources DIR] [--no-full-size] [--no-sd-scripts]
// PYTHON has torch, diffusers, transformers, peft and what sd-scripts' requirements name. README.md has the rest.
import {execFileSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, rmSync} from 'node:fs';
import path from 'node:path';
import {parseArgs} from 'node:util';
import sharp from 'sharp';
import {cacheFolder} from '../src/train/runtime/index.ts';
import {differingTensors} from './compare-models.ts';
import {dreambooth, here} from './dreambooth.ts';
import {families, fullSizeModel} from './full-size.ts';
import {madeBy, MOST_DIFFERENCE, picture} from './picture.ts';
import {checkout} from './sources.ts';

const {values: {python, sources, 'sd-scripts': withSdScripts, 'full-size': fullSize, models}} = parseArgs({allowNegative: true, options: {
	python: {type: 'string', default: 'python3'},
	sources: {type: 'string'},
	'sd-scripts': {type: 'boolean', default: true},
	'full-size': {type: 'boolean', default: true},
	models: {type: 'string', default: path.join(cacheFolder(), 'bench-models')},
}});

interface Made {
	readonly name: string;
	readonly model?: string;
	readonly lora?: string;
	readonly picture: string;
}

mkdirSync(cacheFolder(), {recursive: true});
const work = mkdtempSync(path.join(cacheFolder(), 'interop-'));
try {
	const base = path.join(path.dirname(here), 'assets/demo/base');
	const input = JSON.stringify({...picture, base, out: work, sdScripts: withSdScripts ? checkout('sd-scripts', sources) : undefined});
	const output = execFileSync(python, [path.join(here, 'makers.py')], {input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'inherit']});
	const plain = path.join(work, 'base.png');
	madeBy({model: base}, plain);
	for (const line of output.split('\n').filter(line => line.startsWith('RESULT '))) await checkPicture(JSON.parse(line.slice('RESULT '.length)) as Made, base, plain);
	console.log(output.split('\n').find(line => line.startsWith('With ')));
	if (fullSize) await checkConverter();
} finally {
	rmSync(work, {recursive: true, force: true});
}

async function checkPicture({name, model = '', lora, picture}: Made, base: string, plain: string): Promise<void> {
	const ours = picture.replace(/\.png$/, ' by dreambooth.png');
	madeBy({model: model || base, lora}, ours);
	const difference = await largestDifference(ours, picture);
	const effect = lora === undefined ? undefined : await largestDifference(picture, plain);
	const fault = difference > MOST_DIFFERENCE ? 'another picture' : effect !== undefined && effect < 32 ? 'a LoRA without effect' : undefined;
	tell(`${name}: largest difference ${difference} of 255${effect === undefined ? '' : `, from the picture without it ${effect}`}`, fault);
}

/** Of the converter's single file, a folder again. Shapes and names are those of its own maps; the values go through unchanged. */
async function checkConverter(): Promise<void> {
	const script = path.join(checkout('diffusers', sources), 'scripts/convert_diffusers_to_original_stable_diffusion.py');
	for (const family of families) {
		const model = await fullSizeModel(family, models);
		const [file, again] = [path.join(work, `${family}.safetensors`), path.join(work, family)];
		execFileSync(python, [script, '--model_path', model, '--checkpoint_path', file, '--use_safetensors'], {stdio: ['ignore', 'ignore', 'inherit']});
		dreambooth('convert', file, again);
		const differing = await differingTensors(model, again);
		tell(`diffusers: LDM converter, ${family}: ${differing.length} tensors differ`, differing.length > 0 ? differing.slice(0, 5).join(', ') : undefined);
		rmSync(file);
		rmSync(again, {recursive: true});
	}
}

async function largestDifference(one: string, other: string): Promise<number> {
	const [a, b] = await Promise.all([one, other].map(file => sharp(file).removeAlpha().raw().toBuffer()));
	return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), a.length === b.length ? 0 : Infinity);
}

function tell(what: string, fault: string | undefined): void {
	if (fault !== undefined) process.exitCode = 1;
	console.log(`${fault === undefined ? 'ok  ' : 'FAIL'} ${what}${fault === undefined ? '' : `: ${fault}`}`);
}
