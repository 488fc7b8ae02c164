export {Latents, type LatentConfig} from './latents.ts';
export {inOneArray} from './store.ts';
