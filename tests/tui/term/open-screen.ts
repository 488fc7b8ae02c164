import {openScreen} from '../../../src/tui/term/index.ts';

/** Shows a screen, gives it back on Ctrl-Z and ends as its argument says on any other key: what the tests run in a terminal of its own. */
const screen = openScreen({stdin: process.stdin, stdout: process.stdout, unicode: true});
process.stdin.setRawMode(true);
screen.write('on the screen');
screen.flush();
setInterval(() => {}, 1000);
process.stdin.on('data', typed => {
	if (String(typed) === '\u001A') {
		screen.suspend();
		return;
	}

	if (process.argv[2] === 'throw') {
		throw new Error('a defect');
	}

	process.exit(0);
});
