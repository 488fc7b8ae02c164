// What our networks make of one prompt, one latent and one image, for interop/programs.ts to compare with. A process of its own: TensorFlow serves one model.
//   npx tsx interop/reference.ts MODEL LORA|- OUT.safetensors
import path from 'node:path';
import {startEngine} from '../src/train/engine.ts';
import {adaptersOfFile} from '../src/train/lora.ts';
import {openModelFiles} from '../src/train/model-files.ts';
import {normals} from '../src/train/random.ts';
import {cacheFolder} from '../src/train/runtime/index.ts';
import {StableDiffusion} from '../src/train/stable-diffusion.ts';
import {encodeFloats, writeSafetensors} from '../src/train/weights/index.ts';

const [baseModel, lora, out] = process.argv.slice(2);
const prompt = 'a photo of sks robot, on the moon';
const side = 8;
const timestep = 500;

const folder = await openModelFiles({baseModel}, path.join(cacheFolder(), 'structures'));
const {mode, sideMode, lanes} = startEngine(folder, {pixels: 64 * 64, device: 'cpu'});
const model = await StableDiffusion.open(folder, {mode, sideMode, lanes, clipSkip: 1, ...(lora !== '-' && {adapters: adaptersOfFile(lora, {strength: 1})})});
const drawn = (name: string, count: number) => normals(count, {seed: 7, stream: name, step: 0, index: 0});

const latent = drawn('latent', side * side * 4);
const pixels = side * model.autoencoderFactor;
const image = drawn('image', pixels * pixels * 3).map(value => Math.min(1, Math.max(-1, value / 2)));
const states = model.encodePrompts([prompt]);
const size = {count: 1, height: side, width: side};
const results = {
	latent: [[1, side, side, 4], latent],
	image: [[1, pixels, pixels, 3], image],
	states: [[1, 77, model.contextWidth], states],
	// Guidance 1 is the network's own answer.
	prediction: [[1, side, side, 4], model.predict(latent, timestep, {negative: states, positive: states}, {...size, guidance: 1})],
	moments: [[1, side, side, 8], model.encodeImages(image, {count: 1, height: pixels, width: pixels})],
	decoded: [[1, pixels, pixels, 3], model.decodeLatents(latent.map(value => value * folder.vaeConfig.scalingFactor), size)],
} satisfies Record<string, [number[], Float32Array]>;
const tokens = model.tokens(prompt);
await writeSafetensors(
	out,
	[
		{name: 'tokens', dtype: 'I32', shape: [1, 77], bytes: () => new Uint8Array(tokens.buffer)},
		...Object.entries(results).map(([name, [shape, values]]) => ({name, dtype: 'F32' as const, shape, bytes: () => encodeFloats(values, 'F32')})),
	],
	{prompt, timestep: String(timestep), prediction: folder.schedulerConfig.predictionType},
);
await folder.close();
