import fs from 'node:fs';
import path from 'node:path';

/**
 * What a person should know who starts a run and then logs out, on a system whose logind ends all processes of a
 * session with it; undefined where runs outlive the session.
 * @param etc the folder of the system's configuration
 */
export function logoutWarning(environment: NodeJS.ProcessEnv = process.env, etc = '/etc'): string | undefined {
	const isOfSession = environment.XDG_SESSION_ID !== undefined && environment.INVOCATION_ID === undefined;
	return isOfSession && killsUserProcesses(path.join(etc, 'systemd'))
		? 'warning: this system ends your processes when you log out (KillUserProcesses=yes), and training with them.\n'
			+ '  To keep it: loginctl enable-linger, and start with: systemd-run --user --scope dreambooth ...'
		: undefined;
}

/** The last word counts: that of the files in logind.conf.d, in the order of their names, after logind.conf. */
function killsUserProcesses(folder: string): boolean {
	const more = path.join(folder, 'logind.conf.d');
	const files = [path.join(folder, 'logind.conf'), ...(fs.existsSync(more) ? fs.readdirSync(more).sort().map(name => path.join(more, name)) : [])];
	const words = files.flatMap(file => fs.existsSync(file) ? [...fs.readFileSync(file, 'utf8').matchAll(/^\s*KillUserProcesses\s*=\s*(\S+)/gm)].map(match => match[1]!) : []);
	return /^(?:yes|true|on|1)$/i.test(words.at(-1) ?? 'no');
}
