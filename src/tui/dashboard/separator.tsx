import {Rows} from '../row.tsx';
import {useTheme} from '../theme.ts';
import {SEPARATOR_COLUMNS} from './layout.ts';

/** A line from top to bottom between two panes. */
export function Separator({rows}: {rows: number}) {
	const {dim, glyphs: {vertical}} = useTheme();
	return <Rows columns={SEPARATOR_COLUMNS} rows={Array.from({length: rows}, () => [{text: ` ${vertical} `, ...dim}])}/>;
}
