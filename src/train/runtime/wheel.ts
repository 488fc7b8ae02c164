import path from 'node:path';

/**
 * The Python wheel that TensorFlow's libraries are taken from. Any Python version's wheel holds the same libraries: they do
 * not link Python. Pinned by digest, so that nobody's mirror can hand out anything else.
 */
export const wheel = {
	project: 'tensorflow-cpu',
	version: '2.21.0',
	python: '3.11',
	abi: 'cp311',
	platform: 'manylinux_2_27_x86_64',
	bytes: 273_829_956,
	sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
} as const;

export const wheelFile = `tensorflow_cpu-${wheel.version}-${wheel.abi}-${wheel.abi}-${wheel.platform}.whl`;

/** What `python3 -m pip` is asked for; which index, proxy and certificates it uses is the user's own configuration. */
export const pipArguments = (folder: string): string[] => [
	'-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--disable-pip-version-check', '--no-input',
	'--python-version', wheel.python, '--implementation', 'cp', '--abi', wheel.abi, '--platform', wheel.platform,
	'--dest', folder, `${wheel.project}==${wheel.version}`,
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

/** Free disk while unpacking: wheel, libraries and a margin. */
export const setupDiskBytes = 1.3e9;

/** Where a wheel that was fetched waits to be unpacked. */
export const downloadFolder = (cache: string): string => path.join(cache, 'download');
