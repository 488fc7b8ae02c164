import type {Section} from './check.ts';
import {autoencoder} from './autoencoder.ts';
import {clip} from './clip.ts';
import {formatsWeights} from './formats-weights.ts';
import {images} from './images.ts';
import {lora} from './lora.ts';
import {lrSchedules} from './lr-schedules.ts';
import {optimizers} from './optimizers.ts';
import {safetensorsFiles} from './safetensors.ts';
import {sampling} from './sampling.ts';
import {schedulers} from './schedulers.ts';
import {tokenizer} from './tokenizer.ts';
import {training} from './training.ts';
import {unetSections} from './unet.ts';

/** Those whose functions run on the device: what `--precision` and `--engine` are about. */
export const deviceSections: readonly Section[] = [...unetSections, autoencoder, clip, training, optimizers, lora, sampling];

/** Every section, in the order of tests/fixtures/README.md. */
export const sections: readonly Section[] = [...unetSections, autoencoder, clip, schedulers, training, optimizers, lrSchedules, lora, formatsWeights, sampling, tokenizer, images, safetensorsFiles];
