import {useCallback, useSyncExternalStore} from 'react';
import type {Picture, PictureCache} from './pictures.ts';

/** The placeholder rows of an image file at a size in cells; the component draws again when they are ready. */
export function usePicture(pictures: PictureCache, file: string, {columns, rows}: {columns: number; rows: number}): Picture {
	const get = useCallback(() => pictures.request(file, columns, rows), [pictures, file, columns, rows]);
	return useSyncExternalStore(pictures.subscribe, get, get);
}
