import {SEPARATOR_COLUMNS, SMALLEST, type Area} from '../dashboard/index.ts';

/** What there is to show, as far as it changes where things go. */
export interface ComparedContents {
	readonly pictures: boolean;
	/** Settings whose values differ. */
	readonly differences: number;
}

/**
 * Two halves, and from top to bottom: what each run is and how far, its chart under a row of titles, its picture between caption and
 * scrubber, the paths of the two pictures, what differs, one row for messages, one of keys.
 */
export interface CompareLayout {
	readonly half: number;
	/** Of one half, without the row of titles. */
	readonly chart: Area;
	/** Of one half; undefined where the charts need the room. */
	readonly picture: Area | undefined;
	readonly differenceRows: number;
}

/** Heads, titles of the charts, paths (2), messages, keys. */
const FIXED_ROWS = 6;
/** Caption and scrubber of a picture. */
const ABOUT_PICTURE_ROWS = 2;
const SMALLEST_CHART = 5;
const SMALLEST_PICTURE = 5;
/** Of the height, so that charts and pictures stay the main thing. */
const DIFFERENCES_SHARE = 0.2;

/** Where everything goes on a terminal of this size; undefined: it is too small. */
export function compareLayout(columns: number, rows: number, {pictures, differences}: ComparedContents): CompareLayout | undefined {
	if (columns < SMALLEST.columns || rows < SMALLEST.rows) {
		return undefined;
	}

	const half = Math.floor((columns - SEPARATOR_COLUMNS) / 2);
	const differenceRows = Math.min(differences, Math.max(1, Math.floor(rows * DIFFERENCES_SHARE) - 1));
	const free = rows - FIXED_ROWS - differenceRows;
	const pictureRows = Math.min(Math.floor(half / 2), Math.floor((free - ABOUT_PICTURE_ROWS) * 0.55));
	const hasPicture = pictures && pictureRows >= SMALLEST_PICTURE && free - pictureRows - ABOUT_PICTURE_ROWS >= SMALLEST_CHART;
	return {
		half,
		chart: {columns: half, rows: free - (hasPicture ? pictureRows + ABOUT_PICTURE_ROWS : 0)},
		picture: hasPicture ? {columns: half, rows: pictureRows} : undefined,
		differenceRows,
	};
}
