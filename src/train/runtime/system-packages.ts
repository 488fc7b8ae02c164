import {readFileSync} from 'node:fs';

type Manager = 'apt' | 'dnf' | 'pacman' | 'zypper' | 'apk';

const commands: Record<Manager, (name: string) => string> = {
	apt: name => `sudo apt-get install -y ${name}`,
	dnf: name => `sudo dnf install -y ${name}`,
	pacman: name => `sudo pacman -S --noconfirm ${name}`,
	zypper: name => `sudo zypper install -y ${name}`,
	apk: name => `sudo apk add ${name}`,
};

/** What each tool's package is called. */
const names: Record<'python' | 'pip' | 'compiler', Record<Manager, string>> = {
	python: {apt: 'python3', dnf: 'python3', pacman: 'python', zypper: 'python3', apk: 'python3'},
	pip: {apt: 'python3-pip', dnf: 'python3-pip', pacman: 'python-pip', zypper: 'python3-pip', apk: 'py3-pip'},
	compiler: {apt: 'g++', dnf: 'gcc-c++', pacman: 'gcc', zypper: 'gcc-c++', apk: 'g++'},
};

/** The command that installs a tool on this distribution, as /etc/os-release names it. */
export function installCommand(tool: keyof typeof names, osRelease = read('/etc/os-release')): string {
	const words = /^ID=(.*)$/m.exec(osRelease)?.[1] + ' ' + (/^ID_LIKE=(.*)$/m.exec(osRelease)?.[1] ?? '');
	const manager: Manager =
		/fedora|rhel|centos|rocky|alma|amzn/.test(words) ? 'dnf'
		: /arch|manjaro/.test(words) ? 'pacman'
		: /suse/.test(words) ? 'zypper'
		: /alpine/.test(words) ? 'apk'
		: 'apt';
	return commands[manager](names[tool][manager]);
}

function read(file: string): string {
	try {
		return readFileSync(file, 'utf8');
	} catch {
		return '';
	}
}
