import {render, useInput} from 'ink';
import type {ReactNode} from 'react';
import {RowsContext} from './row.tsx';
import {openScreen, PacedKeyboard, TerminalAnswers, type Capabilities, type Screen} from './term/index.ts';
import {themeFor, ThemeContext} from './theme.ts';

export interface Terminal {
	readonly stdin: NodeJS.ReadStream;
	readonly stdout: NodeJS.WriteStream;
	readonly capabilities: Capabilities;
}

/**
 * Runs an Ink app on the alternate screen until it calls `finish`; the terminal is put back before the promise settles.
 * Ctrl-Z and Ctrl-L work everywhere; Ctrl-C is the app's own. Undefined when the keyboard was closed.
 */
export async function showOnScreen<Result>(
	content: (screen: Screen, finish: (result: Result) => void) => ReactNode,
	{stdin, stdout, capabilities}: Terminal,
): Promise<Result | undefined> {
	const screen = openScreen({stdin, stdout, unicode: capabilities.unicode});
	const answers = capabilities.answers ? new TerminalAnswers(text => stdout.write(text), ({kittyPlaceholders}) => {
		if (kittyPlaceholders) {
			screen.images.useKitty();
		}
	}) : undefined;
	let result: Result | undefined;
	const leave = (): void => app.unmount();
	const finish = (value: Result): void => {
		result = value;
		leave();
	};

	// Neither is all of a stream, but as much as Ink uses of one.
	// Debug mode hands every frame over whole, which is what `Screen` wants; it uses no more of a stream than `Screen` has.
	const app = render(
		<ThemeContext value={themeFor(capabilities)}>
			<RowsContext value={screen.images}>
				<TerminalKeys screen={screen}/>
				{content(screen, finish)}
			</RowsContext>
		</ThemeContext>,
		{stdin: new PacedKeyboard(stdin, answers) as unknown as NodeJS.ReadStream, stdout: screen as unknown as NodeJS.WriteStream, debug: true, patchConsole: false, exitOnCtrlC: false},
	);
	stdin.once('end', leave);
	try {
		await app.waitUntilExit();
		return result;
	} finally {
		stdin.off('end', leave);
		screen.close();
	}
}

function TerminalKeys({screen}: {screen: Screen}) {
	useInput((input, key) => {
		if (key.ctrl && input === 'z') {
			screen.suspend();
		} else if (key.ctrl && input === 'l') {
			screen.redraw();
		}
	});
	return null;
}
