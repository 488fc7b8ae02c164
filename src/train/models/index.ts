export {decodeLatent, encodeImage} from './autoencoder.ts';
export {encodeText, finalNorm, joinChunks, pooledPositions, textStates} from './clip-text.ts';
export {declareAdapter, hostsOf, isTarget, loraHosts, type LoraHost, type LoraTargets} from './lora.ts';
export {beyond, loadTokenizer, tokenizePrompt, tokenizeUnpadded, type Tokenizer} from './tokenizer.ts';
export {selfAttentions, unet, type UNetInputs} from './unet.ts';
export {clipVocabulary} from './vocabulary.ts';
