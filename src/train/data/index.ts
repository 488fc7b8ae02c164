export {bucketOf, bucketSizes, cutOff, fewerSizes, sizeName, type Size} from './buckets.ts';
export {allClassImages, planClassImages, writeClassImage, type ClassImage, type ClassImageNeeds, type ClassImagePlan, type PlannedClassImage} from './class-images.ts';
export {DataError} from './data-error.ts';
export {imageHash, loadImage, type ImageFit} from './load-image.ts';
export {encodePng, readPngText, writePng, type Picture} from './png.ts';
export {captionOf, classPromptOf, imagePrompts, instancePromptOf, type ConceptPrompts, type Tokens} from './prompts.ts';
export {requireImage, scanFolder, scanWarnings, type FolderScan, type ScannedImage, type SkippedFile} from './scan.ts';
export {variantsOf, varyPrompt, type PromptVariation} from './vary-prompt.ts';
