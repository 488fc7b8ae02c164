import {resolveBaseModel} from '../../src/presets/index.ts';

/** The diffusers folder of the embedded model. */
export const assetFolder = resolveBaseModel('demo');
