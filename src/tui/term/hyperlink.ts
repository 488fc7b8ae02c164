import os from 'node:os';
import {pathToFileURL} from 'node:url';

const ESC = '\u001B';

/**
 * Text that opens a file of this machine where the terminal can (OSC 8); the others show the text alone. The host is named: over SSH the
 * terminal then knows that the file is not its own (https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda).
 */
export function hyperlink(text: string, file: string): string {
	const {pathname} = pathToFileURL(file);
	return `${ESC}]8;;file://${os.hostname()}${pathname}${ESC}\\${text}${ESC}]8;;${ESC}\\`;
}
