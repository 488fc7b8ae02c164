import {existsSync, readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import type koffiModule from 'koffi';
import {gpuFault, type GpuReport} from '../../presets/index.ts';
import {givenCudaFolder} from './given-cuda.ts';
import {cudaWheels, OLDEST_DRIVER, TENSORFLOW_CAPABILITIES} from './gpu-wheels.ts';
import {isOlder} from './platform.ts';
import {SetupError} from './setup-error.ts';

const NVIDIA = '0x10de';
const DISPLAY_CLASS = '0x03';

/** Number of NVIDIA's graphics cards in the PCI slots, with or without a driver. */
export function countNvidiaCards(root = '/'): number {
	const folder = path.join(root, 'sys/bus/pci/devices');
	const says = (device: string, file: string) => textOf(path.join(folder, device, file)).trim();
	return existsSync(folder) ? readdirSync(folder).filter(device => says(device, 'vendor') === NVIDIA && says(device, 'class').startsWith(DISPLAY_CLASS)).length : 0;
}

/** The version of the kernel's NVIDIA driver and the models that it drives, as far as it tells without being asked; nothing beneath Windows. */
export const describeKernelDriver = (root = '/'): string => kernelDriver(root).join(', ');

/**
 * What code for a GPU that was compiled on this machine depends on: the driver, the cards, CUDA; and where there are cards of several models, which
 * of them this process is to see.
 */
export function describeCuda(environment: NodeJS.ProcessEnv = process.env, root = '/'): string {
	const [driver, ...models] = kernelDriver(root);
	return [
		`driver ${driver}`,
		...new Set(models),
		...(new Set(models).size > 1 ? [environment.CUDA_VISIBLE_DEVICES] : []),
		givenCudaFolder(environment) ?? cudaWheels.map(({name, version}) => `${name} ${version}`).join(', '),
	].join(', ');
}

/** Its version, and the models. */
function kernelDriver(root: string): string[] {
	const folder = path.join(root, 'proc/driver/nvidia');
	const version = /\s(\d{3,}\.[\d.]+)\s/.exec(textOf(path.join(folder, 'version')))?.[1];
	const cards = path.join(folder, 'gpus');
	const models = existsSync(cards) ? readdirSync(cards).map(card => /^Model:\s*(.*)$/m.exec(textOf(path.join(cards, card, 'information')))?.[1]) : [];
	return [version ?? 'unknown', ...models.filter(model => model !== undefined).sort()];
}

function textOf(file: string): string {
	try {
		return readFileSync(file, 'utf8');
	} catch {
		return '';
	}
}

/** Whether there is anything of NVIDIA in this machine. */
export const hasNvidia = (report: GpuReport, cards: number): boolean => cards > 0 || (report.state !== 'no-driver' && !(report.state === 'none' && report.hidden === undefined));

const again = 'Then: dreambooth setup';
const meanwhile = 'Until then training runs on the CPU.';

/** Why TensorFlow's GPU build would not work on this machine, and what to do; undefined when nothing speaks against it. `cards`: in the PCI slots. */
export function gpuHindrance(report: GpuReport, cards: number): SetupError | undefined {
	switch (report.state) {
		case 'no-driver': {
			return cards > 0
				? new SetupError(`There ${cards === 1 ? 'is an NVIDIA card' : `are ${cards} NVIDIA cards`} in this machine, but no NVIDIA driver (nvidia-smi not found).`, `Install the driver of your distribution (550 or newer is best) and restart. In a container: start it with --gpus all. ${again}\n${meanwhile}`)
				: new SetupError('There is no NVIDIA card in this machine, and no NVIDIA driver.', 'Training runs on the CPU.');
		}
		case 'none': {
			return report.hidden === undefined
				? new SetupError('The NVIDIA driver finds no GPU.', 'Training runs on the CPU.')
				: new SetupError('CUDA_VISIBLE_DEVICES hides every GPU of this machine from this program.', `Unset it: unset CUDA_VISIBLE_DEVICES. ${again}`);
		}
		case 'driver-fails': {
			return new SetupError(`The NVIDIA driver does not work: ${report.message.split('\n')[0]}`, `Restart the machine, or install the driver anew: nvidia-smi has to work. ${again}\n${meanwhile}`);
		}
		case 'present': {
			const {gpus} = report;
			const {driver} = gpus[0];
			if (isOlder(driver, OLDEST_DRIVER)) {
				return new SetupError(`The NVIDIA driver is ${driver}; CUDA 12.9, which TensorFlow's GPU build is run with, needs ${OLDEST_DRIVER} or newer.`, `Install a newer driver (550 or newer is best) and restart. ${again}\n${meanwhile}`);
			}
			const faults = gpus.map(gpuFault);
			return faults.every(fault => fault !== undefined)
				? new SetupError(`${faults.join(' ')} TensorFlow's GPU build has code for ${TENSORFLOW_CAPABILITIES.join(', ')}.`, 'Nothing has to be done: training runs on the CPU. To try it nevertheless: dreambooth setup --gpu')
				: undefined;
		}
	}
}

/** Asks the driver itself why TensorFlow sees no GPU, and gives its answer as a whole sentence. */
export function whyDriverRefuses(koffi: typeof koffiModule): string {
	const library = (() => {
		try {
			return koffi.load('libcuda.so.1');
		} catch {
			return undefined;
		}
	})();
	if (!library) return "The driver's library libcuda.so.1 is not found: there is no NVIDIA driver, or this container was started without it (--gpus all).";
	const code = library.func('int cuInit(unsigned int flags)')(0) as number;
	if (code !== 0) {
		const text: [string | null] = [null];
		library.func('int cuGetErrorString(int code, _Out_ const char **text)')(code, text);
		return `The NVIDIA driver cannot be used: ${text[0] ?? 'unknown error'} (CUDA error ${code}).`;
	}
	const [version, count]: [number[], number[]] = [[0], [0]];
	library.func('int cuDriverGetVersion(_Out_ int *version)')(version);
	library.func('int cuDeviceGetCount(_Out_ int *count)')(count);
	if (version[0] < 12_000) return `The NVIDIA driver is one of CUDA ${Math.floor(version[0] / 1000)}; driver ${OLDEST_DRIVER} or newer is needed.`;
	return count[0] === 0 ? 'The NVIDIA driver finds no GPU that this process may use.' : `The driver shows ${count[0]} GPU${count[0] === 1 ? '' : 's'}, but TensorFlow takes none.`;
}
