import {existsSync} from 'node:fs';

/** Whether a driver offers an NVIDIA GPU to this process: natively, or beneath Windows (WSL). Asks nothing of the driver. */
export const hasNvidiaDevice = (): boolean => existsSync('/dev/nvidiactl') || existsSync('/dev/dxg');
