import {useCallback, useSyncExternalStore} from 'react';
import type {Picture, PictureCache} from './pictures.ts';

/** The placeholder rows of an image file at a size in cells; the component draws again when they are ready. `version`: changes when the file does. */
export function usePicture(pictures: PictureCache, {file, version = 0}: {file: string; version?: number}, {columns, rows}: {columns: number; rows: number}): Picture {
	const get = useCallback(() => pictures.request({file, version, columns, rows}), [pictures, file, version, columns, rows]);
	return useSyncExternalStore(pictures.subscribe, get, get);
}
