import path from 'node:path';
import {TENSORFLOW_VERSION} from './folders.ts';

/** A Python wheel that libraries are taken from, pinned by digest, so that nobody's mirror can hand out anything else. */
export interface Wheel {
	/** `TensorFlow`, `cuDNN`. */
	readonly name: string;
	readonly project: string;
	readonly version: string;
	/** Python's ABI; `none`: for any Python. */
	readonly abi: 'cp311' | 'none';
	/** As in the file's name: tags with dots between them. */
	readonly platform: string;
	readonly bytes: number;
	readonly sha256: string;
	/** What its wanted members take on the disk. */
	readonly unpackedBytes: number;
	/** The one folder that its wanted members are in. */
	readonly folder: string;
	/** The members that the runtime cannot do without. */
	readonly files: readonly string[];
	/** What else is unpacked: names by a pattern. */
	readonly headers?: RegExp;
}

/** Of TensorFlow's own wheels: the two libraries and the plain-C headers that the addon includes. */
export const tensorflowFiles: Pick<Wheel, 'folder' | 'files' | 'headers'> = {
	folder: 'tensorflow',
	files: ['tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2'],
	headers: /^tensorflow\/include\/(tensorflow\/c\/([a-z_]+|eager\/c_api)\.h|(tensorflow\/core|tsl)\/platform\/ctstring(_internal)?\.h|xla\/tsl\/c\/tsl_status\.h)$/,
};

/** Any Python version's wheel holds the same libraries: they do not link Python. */
export const tensorflowCpu: Wheel = {
	name: 'TensorFlow',
	project: 'tensorflow-cpu',
	version: TENSORFLOW_VERSION,
	abi: 'cp311',
	platform: 'manylinux_2_27_x86_64',
	bytes: 273_829_956,
	sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
	unpackedBytes: 854_000_000,
	...tensorflowFiles,
};

export const wheelFile = ({project, version, abi, platform}: Wheel): string => `${project.replaceAll('-', '_')}-${version}-${abi === 'none' ? 'py3' : abi}-${abi}-${platform}.whl`;

/**
 * What `python3 -m pip` is asked for; which index, proxy and certificates it uses is the user's own configuration.
 * pip's cache would keep a second copy of the wheels that nobody needs again.
 */
export const pipArguments = (wheels: readonly Wheel[], folder: string): string[] => [
	'-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--no-cache-dir', '--disable-pip-version-check', '--no-input',
	// A Python that its wheels are for has also those that are for any.
	'--python-version', '3.11', '--implementation', 'cp', '--abi', 'cp311',
	...[...new Set(wheels.map(({platform}) => platform.split('.')[0]))].flatMap(platform => ['--platform', platform]),
	'--dest', folder, ...wheels.map(({project, version}) => `${project}==${version}`),
];

/** Whether a member of the wheel is unpacked. */
export const isWanted = ({files, headers}: Wheel, member: string): boolean => files.includes(member) || headers?.test(member) === true;

/** Where a wheel that was fetched waits to be unpacked. */
export const downloadFolder = (cache: string): string => path.join(cache, 'download');
