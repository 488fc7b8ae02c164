/** Why nothing can be started, in words for the person at the terminal. */
export class Failure extends Error {
	/**
	 * @param {string} message what is wrong
	 * @param {string} action the command that cures it
	 */
	constructor(message, action) {
		super(message);
		this.name = 'Failure';
		this.action = action;
	}
}

/** By npm's error codes and words, the more particular ones first. */
const causes = [
	[/EINTEGRITY/, 'A package is not what package-lock.json says (checksum mismatch).', 'npm cache clean --force, then try again. If it stays so, do not trust the registry.'],
	[/ENOSPC/, 'The disk is full.', 'Free some room (the dependencies take about 500 MB; df -h . shows the disk), then try again.'],
	[/E401|E403|ENEEDAUTH/, 'The package registry refuses access.', 'See which one it is with npm config get registry, and sign in with npm login.'],
	[/CERT|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)|certificate/i, "The package registry's certificate is not trusted here.", 'Name the file with your organisation\'s certificates: npm config set cafile FILE'],
	[/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|ENOTCACHED|FETCH_ERROR|network/i, 'The package registry cannot be reached.', 'Check the network, npm config get registry and, behind a proxy, npm config set https-proxy URL; then try again.'],
	[/E404|ETARGET/, 'The package registry lacks a package.', 'See which registry npm uses with npm config get registry; the public one is npm\'s default: npm config delete registry'],
	[/EUSAGE|in sync/, 'package.json and package-lock.json do not fit together.', 'npm install'],
	[/EACCES|EPERM|EROFS/, 'npm may not write what it has to.', 'Make this folder and npm\'s cache (npm config get cache) yours: sudo chown -R "$(id -un)" . ~/.npm'],
];

/**
 * What npm's output means.
 * @param {string} output
 */
export function npmFailure(output) {
	const [, message, action] = causes.find(([words]) => words.test(output)) ?? [undefined, 'npm could not install the dependencies.', 'npm ci shows all that npm says.'];
	const lines = output.split('\n').map(line => line.trimEnd()).filter(line => !/^(?:npm error)?(?:\s+at .*)?$/.test(line) && !/A complete log of this run/.test(line));
	return new Failure([message, ...lines.slice(0, 6).map(line => `  ${line}`)].join('\n'), action);
}
