import {train} from './loop.ts';
import {sampleImages} from './sample.ts';
import {runSampler} from './sampler-process.ts';
import {runTrainer} from './trainer-process.ts';

// The only program that loads native code: a run's trainer, or with `--sample` a maker of pictures.
await (process.argv[2] === '--sample' ? runSampler(sampleImages) : runTrainer(train));
