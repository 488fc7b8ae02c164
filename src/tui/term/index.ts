export {capabilities, type Capabilities, type ColorCount, type PictureStyle} from './capabilities.ts';
export {halfBlocks, nearestPaletteColor, shades, type Pixels} from './half-blocks.ts';
export {ImageRows} from './image-rows.ts';
export {PacedKeyboard} from './paced-keyboard.ts';
export {PictureCache, pictureSize, renderPicture, type Picture} from './pictures.ts';
export {openScreen, Screen, type ScreenKeyboard, type ScreenTerminal} from './screen.ts';
export {usePicture} from './use-picture.ts';
export {useSize, type Size} from './use-size.ts';
