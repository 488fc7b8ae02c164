// What `npm start`, `npm test`, `npm run golden` and `npm run fuzz` run: gets what is missing, then does what was asked. It needs nothing
// but Node, and this file is written so that a Node of 2020 can say that it is too old.
const wanted = [20, 19];
const found = process.versions.node.split('.').map(Number);
if (found[0] < wanted[0] || (found[0] === wanted[0] && found[1] < wanted[1])) {
	process.stderr.write(
		'error: This is Node ' + process.versions.node + '; dreambooth-tui needs Node ' + wanted.join('.') + ' or newer.\n'
		+ 'What to do: install a newer one, for instance with nvm (https://github.com/nvm-sh/nvm): nvm install 22\n',
	);
	process.exit(1);
}

import('./bootstrap/commands.mjs').then(({run}) => run(process.argv[2], process.argv.slice(3)));
