/** Below this even the vital numbers and one curve do not fit. */
export const SMALLEST = {columns: 60, rows: 16} as const;

/** What there is to show, as far as it changes where things go. */
export interface Contents {
	/** Whether this terminal can show pictures. */
	readonly pictures: boolean;
	/** Rows that a question, an outcome or a message asks for in place of the log. */
	readonly messageRows: number;
}

export interface Area {
	readonly columns: number;
	readonly rows: number;
}

/**
 * From top to bottom: two rows of header, one of titles, the body, one gauge, the path of the sample, messages and log, one row of keys.
 * The body holds the chart, and at its right the picture with a row for scrubbing under it.
 */
export interface DashboardLayout {
	readonly columns: number;
	readonly body: Area;
	readonly chart: Area;
	/** A second chart under the first, without the row of its title; undefined where one chart is too small already. */
	readonly secondChart: Area | undefined;
	/** Room for the image alone; undefined where the chart needs the width (then the picture has a view of its own). */
	readonly picture: Area | undefined;
	readonly messageRows: number;
	readonly logRows: number;
}

/** Header (2), titles, gauge, path, keys. */
const FIXED_ROWS = 6;
const SMALLEST_BODY = 7;
/** Two charts from here on: the first keeps two thirds. */
const SECOND_CHART_FROM_ROWS = 22;
/** Below 80 columns a picture would leave the curve less than half. */
const PICTURE_FROM_COLUMNS = 80;
/** Of the width, so that the curve keeps more than half. */
const PICTURE_SHARE = 0.42;
/** Space, line, space between chart and picture. */
export const SEPARATOR_COLUMNS = 3;

/** Where everything goes on a terminal of this size; undefined: it is too small. */
export function layout(columns: number, rows: number, {pictures, messageRows}: Contents): DashboardLayout | undefined {
	if (columns < SMALLEST.columns || rows < SMALLEST.rows) {
		return undefined;
	}

	const free = rows - FIXED_ROWS;
	const usualLog = Math.max(2, Math.min(8, Math.round(free / 4)));
	const lower = Math.min(free - SMALLEST_BODY, Math.max(usualLog, messageRows));
	const shownMessages = Math.min(messageRows, lower);
	const body = {columns, rows: free - lower};
	const picture = pictures && columns >= PICTURE_FROM_COLUMNS ? pictureArea(body) : undefined;
	const chartColumns = columns - (picture ? picture.columns + SEPARATOR_COLUMNS : 0);
	const secondRows = body.rows >= SECOND_CHART_FROM_ROWS ? Math.floor(body.rows / 3) : 0;
	return {
		columns,
		body,
		chart: {columns: chartColumns, rows: body.rows - secondRows},
		secondChart: secondRows > 0 ? {columns: chartColumns, rows: secondRows - 1} : undefined,
		picture,
		messageRows: shownMessages,
		logRows: lower - shownMessages,
	};
}

/** A square as seen: a cell is twice as high as wide. */
function pictureArea(body: Area): Area {
	const columns = Math.min((body.rows - 1) * 2, Math.floor(body.columns * PICTURE_SHARE));
	return {columns, rows: Math.min(body.rows - 1, Math.ceil(columns / 2))};
}

/** Two pictures side by side in this area, each with a row for its caption. */
export function pairAreas({columns, rows}: Area): Area {
	return {columns: Math.floor((columns - SEPARATOR_COLUMNS) / 2), rows: Math.max(1, rows - 1)};
}

/** Said instead of the dashboard. */
export function tooSmallMessage(columns: number, rows: number): string {
	return `This terminal is ${columns}x${rows}; the dashboard needs ${SMALLEST.columns}x${SMALLEST.rows}. Training goes on.`;
}
