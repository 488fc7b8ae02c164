import {chooseGpu, type GpuReport} from '../../presets/index.ts';
import {givenCudaFolder} from './given-cuda.ts';
import {TENSORFLOW_VERSION} from './folders.ts';
import {tensorflowFiles, type Wheel} from './wheel.ts';

/** Compute capabilities that TensorFlow's GPU wheel has code for (build_info.py in it), the last one also for later revisions of 9. */
export const TENSORFLOW_CAPABILITIES = ['6.0', '7.0', '8.0', '8.9', '9.0'] as const;

/** The oldest driver that runs programs of CUDA 12, whichever its minor version (CUDA's release notes, table of minor version compatibility). */
export const OLDEST_DRIVER = '525.60.13';

export const tensorflowGpu: Wheel = {
	name: 'TensorFlow for GPUs',
	project: 'tensorflow',
	version: TENSORFLOW_VERSION,
	abi: 'cp311',
	platform: 'manylinux_2_27_x86_64',
	bytes: 572_440_367,
	sha256: '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
	unpackedBytes: 1_260_000_000,
	...tensorflowFiles,
};

const [linux2010, linux2014, linux2018] = ['manylinux2010_x86_64.manylinux_2_12_x86_64', 'manylinux2014_x86_64.manylinux_2_17_x86_64', 'manylinux_2_27_x86_64'];

type Pins = Pick<Wheel, 'name' | 'version' | 'platform' | 'bytes' | 'sha256' | 'unpackedBytes'>;

/** A wheel of NVIDIA's, `files` being what is taken from its folder below `nvidia/`. */
const nvidia = (what: string, files: readonly string[], pins: Pins): Wheel => {
	const folder = `nvidia/${what}`;
	return {...pins, project: `nvidia-${what.replaceAll('_', '-')}-cu12`, abi: 'none', folder, files: files.map(file => `${folder}/${file}`)};
};

const cudnnFiles = ['', '_graph', '_ops', '_cnn', '_adv', '_heuristic', '_engines_precompiled', '_engines_runtime_compiled'].map(part => `lib/libcudnn${part}.so.9`);

/**
 * CUDA 12.9: with the ptxas of versions before 12.6.85 XLA's code is wrong on Hopper, with cuDNN 9.5 its convolutions crash. Their order is
 * that in which they are loaded: each after those that it needs.
 */
export const cudaWheels: readonly Wheel[] = [
	nvidia('cuda_runtime', ['lib/libcudart.so.12'], {
		name: 'CUDA', version: '12.9.79', platform: linux2014, bytes: 3_493_179, unpackedBytes: 750_000,
		sha256: '25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3',
	}),
	nvidia('nvjitlink', ['lib/libnvJitLink.so.12'], {
		name: 'nvJitLink', version: '12.9.86', platform: linux2010, bytes: 39_748_338, unpackedBytes: 96_000_000,
		sha256: 'e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9',
	}),
	nvidia('cublas', ['lib/libcublasLt.so.12', 'lib/libcublas.so.12'], {
		name: 'cuBLAS', version: '12.9.1.4', platform: linux2018, bytes: 581_242_350, unpackedBytes: 855_000_000,
		sha256: '453611eb21a7c1f2c2156ed9f3a45b691deda0440ec550860290dc901af5b4c2',
	}),
	nvidia('cusparse', ['lib/libcusparse.so.12'], {
		name: 'cuSPARSE', version: '12.5.10.65', platform: linux2014, bytes: 366_465_088, unpackedBytes: 487_000_000,
		sha256: '73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78',
	}),
	nvidia('cusolver', ['lib/libcusolver.so.11'], {
		name: 'cuSOLVER', version: '11.7.5.82', platform: linux2018, bytes: 338_117_415, unpackedBytes: 303_000_000,
		sha256: '15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88',
	}),
	nvidia('cufft', ['lib/libcufft.so.11'], {
		name: 'cuFFT', version: '11.4.1.4', platform: linux2014, bytes: 200_877_592, unpackedBytes: 292_000_000,
		sha256: 'c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28',
	}),
	nvidia('cuda_nvrtc', ['lib/libnvrtc-builtins.so.12.9', 'lib/libnvrtc.so.12'], {
		name: 'NVRTC', version: '12.9.86', platform: linux2010, bytes: 89_568_129, unpackedBytes: 114_000_000,
		sha256: '210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4',
	}),
	nvidia('cudnn', cudnnFiles, {
		name: 'cuDNN', version: '9.19.0.56', platform: linux2018, bytes: 657_906_812, unpackedBytes: 997_000_000,
		sha256: 'ac6ad90a075bb33a94f2b4cf4622eac13dd4dc65cf6dd9c7572a318516a36625',
	}),
	// XLA's code goes through this assembler, and takes its mathematical functions from this library.
	nvidia('cuda_nvcc', ['bin/ptxas', 'nvvm/libdevice/libdevice.10.bc'], {
		name: 'ptxas', version: '12.9.86', platform: linux2010, bytes: 40_546_229, unpackedBytes: 36_000_000,
		sha256: '5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0',
	}),
];

/** The last cuDNN with code for Pascal and Volta. */
const olderCudnn = nvidia('cudnn', cudnnFiles, {
	name: 'cuDNN', version: '9.10.2.21', platform: linux2018, bytes: 706_758_467, unpackedBytes: 1_053_000_000,
	sha256: '949452be657fa16687d0930933f032835951ef0892b37d2d53824d1a84dc97a8',
});
const TURING = 7.5;

/** What the GPU that is trained on needs. CUDA's own are left out where the person has them. */
export function wheelsForGpu(report: GpuReport): readonly Wheel[] {
	if (givenCudaFolder() !== undefined) return [tensorflowGpu];
	const isOlder = (chooseGpu(report)?.computeCapability ?? TURING) < TURING;
	return [tensorflowGpu, ...cudaWheels.map(wheel => (isOlder && wheel.folder === olderCudnn.folder ? olderCudnn : wheel))];
}
