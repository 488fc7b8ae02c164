export {backgroundNames, type BackgroundName} from './backgrounds/index.ts';
export {colours, type ColourName} from './colours.ts';
export type {Facts} from './facts.ts';
export {classes, type ClassName} from './figures/index.ts';
export type {WorldSeries} from './draw-pictures.ts';
export {renderScene, renderScenes} from './render.ts';
export {scene, type Scene} from './scene.ts';
export {contactSheet} from './sheet.ts';
export {writeWorld, type WorldFolder, type WorldWritten} from './write-folder.ts';
