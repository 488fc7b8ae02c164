import path from 'node:path';
import {TENSORFLOW_VERSION} from './folders.ts';

/** A Python wheel that TensorFlow's libraries are taken from, pinned by digest, so that nobody's mirror can hand out anything else. */
export interface Wheel {
	readonly project: string;
	readonly version: string;
	readonly python: string;
	readonly abi: string;
	readonly platform: string;
	readonly bytes: number;
	readonly sha256: string;
	/** What its wanted members take on the disk. */
	readonly unpackedBytes: number;
}

/** Any Python version's wheel holds the same libraries: they do not link Python. */
export const tensorflowCpu: Wheel = {
	project: 'tensorflow-cpu',
	version: TENSORFLOW_VERSION,
	python: '3.11',
	abi: 'cp311',
	platform: 'manylinux_2_27_x86_64',
	bytes: 273_829_956,
	sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
	unpackedBytes: 854_000_000,
};

export const wheelFile = ({project, version, abi, platform}: Wheel): string => `${project.replaceAll('-', '_')}-${version}-${abi}-${abi}-${platform}.whl`;

/**
 * What `python3 -m pip` is asked for; which index, proxy and certificates it uses is the user's own configuration.
 * pip's cache would keep a second copy of the wheel that nobody needs again.
 */
export const pipArguments = ({project, version, python, abi, platform}: Wheel, folder: string): string[] => [
	'-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--no-cache-dir', '--disable-pip-version-check', '--no-input',
	'--python-version', python, '--implementation', 'cp', '--abi', abi, '--platform', platform,
	'--dest', folder, `${project}==${version}`,
];

/** The members of the wheel that are unpacked: the two libraries and the plain-C headers that the addon includes. */
export function isWanted(member: string): boolean {
	return (
		/^tensorflow\/libtensorflow_(cc|framework)\.so\.2$/.test(member) ||
		/^tensorflow\/include\/tensorflow\/c\/([a-z_]+|eager\/c_api)\.h$/.test(member) ||
		/^tensorflow\/include\/(tensorflow\/core|tsl)\/platform\/ctstring(_internal)?\.h$/.test(member) ||
		member === 'tensorflow/include/xla/tsl/c/tsl_status.h'
	);
}

/** Where a wheel that was fetched waits to be unpacked. */
export const downloadFolder = (cache: string): string => path.join(cache, 'download');
