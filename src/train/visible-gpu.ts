import {chooseGpu, detectGpus, whyNoGpu, type TrainingConfig} from '../presets/index.ts';
import {RunError} from './protocol/index.ts';

/**
 * What the environment of a process that loads TensorFlow needs so that it sees the one GPU it is to work on, and no other: TensorFlow
 * takes the memory of every card that it sees, and dies of one that is newer than itself. Without a setting: of a job that is no run.
 * @throws RunError when the GPU that is asked for cannot be used
 */
export async function gpuEnvironment({device, gpu}: Pick<TrainingConfig, 'device' | 'gpu'> = {device: 'auto', gpu: 'auto'}): Promise<NodeJS.ProcessEnv> {
	if (device === 'cpu') {
		return {CUDA_VISIBLE_DEVICES: '-1'};
	}

	const report = await detectGpus();
	const chosen = chooseGpu(report, gpu);
	if (chosen && !process.env.CUDA_VISIBLE_DEVICES?.includes('MIG-')) {
		// By its UUID where there is one: CUDA does not count cards that it cannot open, nvidia-smi does.
		return {CUDA_DEVICE_ORDER: 'PCI_BUS_ID', CUDA_VISIBLE_DEVICES: chosen.uuid ?? String(chosen.index)};
	}

	if (!chosen && gpu !== 'auto') {
		throw new RunError(`The run is to train on GPU ${gpu}, which cannot be used. ${whyNoGpu(report, gpu)}`, 'Start it anew with --gpu auto, or on another card; nvidia-smi says what is there.');
	}

	// Without an answer from nvidia-smi TensorFlow may look for itself.
	return !chosen && report.state === 'present' ? {CUDA_VISIBLE_DEVICES: '-1'} : {};
}
