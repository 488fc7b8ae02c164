import {useStdout} from 'ink';
import {useEffect, useState} from 'react';

export interface Size {
	readonly columns: number;
	readonly rows: number;
}

/** The size of the screen, kept up to date. For the root only: components take their width and height as props. */
export function useSize(): Size {
	const {stdout} = useStdout();
	const [size, setSize] = useState<Size>({columns: stdout.columns, rows: stdout.rows});
	useEffect(() => {
		const resized = (): void => setSize({columns: stdout.columns, rows: stdout.rows});
		stdout.on('resize', resized);
		return () => {
			stdout.off('resize', resized);
		};
	}, [stdout]);
	return size;
}
