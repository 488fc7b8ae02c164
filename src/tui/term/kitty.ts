const ESC = '\u001B';

/**
 * Pictures as the kitty graphics protocol has them, by Unicode placeholders: the picture is sent once, and appears where its placeholder
 * characters stand, which are otherwise ordinary text (https://sw.kovidgoyal.net/kitty/graphics-protocol/#unicode-placeholders).
 */
export interface KittyPicture {
	/** The picture itself, to be sent before its rows. */
	readonly transmission: string;
	/** Placeholder characters, `columns` a row. */
	readonly rows: readonly string[];
	/** Makes the terminal forget it. */
	readonly deletion: string;
}

const PLACEHOLDER = String.fromCodePoint(0x10_EE_EE);
/** A payload may be this long. */
const CHUNK = 4096;
/** Ids are told by the foreground colour: 24 bits. */
export const GREATEST_ID = 0xFF_FF_FF;

/** The marks that count rows and columns, from 0 (rowcolumn-diacritics.txt of the specification): as many as a high terminal has rows. */
const MARKS = [...'\u0305\u030D\u030E\u0310\u0312\u033D\u033E\u033F\u0346\u034A\u034B\u034C\u0350\u0351\u0352\u0357\u035B\u0363\u0364\u0365\u0366\u0367\u0368\u0369\u036A\u036B\u036C\u036D\u036E\u036F\u0483\u0484\u0485\u0486\u0487\u0592\u0593\u0594\u0595\u0597\u0598\u0599\u059C\u059D\u059E\u059F\u05A0\u05A1\u05A8\u05A9\u05AB\u05AC\u05AF\u05C4\u0610\u0611\u0612\u0613\u0614\u0615\u0616\u0617\u0657\u0658\u0659\u065A\u065B\u065D\u065E\u06D6\u06D7\u06D8\u06D9\u06DA\u06DB\u06DC\u06DF\u06E0\u06E1\u06E2\u06E4'];
export const MOST_ROWS = MARKS.length;

/** png: an image of any size, stretched to the cells. id: 1 to `GREATEST_ID`, of no other picture on the screen. rows: at most `MOST_ROWS`. */
export function kittyPicture(png: Buffer, {id, columns, rows}: {id: number; columns: number; rows: number}): KittyPicture {
	const color = `${ESC}[38;2;${id >> 16};${(id >> 8) & 0xFF};${id & 0xFF}m`;
	// Row and column of the first cell; those after it count on by themselves.
	const row = (index: number): string => `${color}${PLACEHOLDER}${MARKS[index]}${MARKS[0]}${PLACEHOLDER.repeat(columns - 1)}${ESC}[39m`;
	return {
		transmission: transmit(png.toString('base64'), `a=T,U=1,q=2,f=100,i=${id},c=${columns},r=${rows}`),
		rows: Array.from({length: rows}, (_, index) => row(index)),
		deletion: `${ESC}_Ga=d,d=I,q=2,i=${id}${ESC}\\`,
	};
}

function transmit(payload: string, keys: string): string {
	let out = '';
	for (let at = 0; at < payload.length; at += CHUNK) {
		const more = at + CHUNK < payload.length ? 1 : 0;
		out += `${ESC}_G${at === 0 ? `${keys},` : 'q=2,'}m=${more};${payload.slice(at, at + CHUNK)}${ESC}\\`;
	}

	return out;
}
