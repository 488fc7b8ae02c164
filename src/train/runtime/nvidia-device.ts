import {readdirSync} from 'node:fs';

/** Whether a driver offers an NVIDIA GPU to this process: natively, or beneath Windows (WSL). Asks nothing of the driver. */
export function hasNvidiaDevice(folder = '/dev'): boolean {
	try {
		return readdirSync(folder).some(name => name.startsWith('nvidia') || name === 'dxg');
	} catch {
		return false;
	}
}
