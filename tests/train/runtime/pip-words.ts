/** What pip says when it fails, recorded from its versions 23.2 and 26.3; its index is called packages.example here. */

const ending = `ERROR: Could not find a version that satisfies the requirement tensorflow-cpu==2.21.0 (from versions: none)
ERROR: No matching distribution found for tensorflow-cpu==2.21.0
`;

const fiveTimes = (cause: string) =>
	[4, 3, 2, 1, 0].map(total => `WARNING: Retrying (Retry(total=${total}, connect=None, read=None, redirect=None, status=None)) after connection broken by '${cause}': /simple/tensorflow-cpu/\n`).join('');

const certificate = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:1006)";

export const noNetwork = {
	'pip 23, no name server': fiveTimes("NewConnectionError('<pip._vendor.urllib3.connection.HTTPSConnection object at 0x7f01161d7fd0>: Failed to establish a new connection: [Errno -2] Name or service not known')") + ending,
	'pip 26, no name server': fiveTimes(`NameResolutionError("HTTPSConnection(host='packages.example', port=443): Failed to resolve 'packages.example' ([Errno -2] Name or service not known)")`) + ending,
	'a proxy that refuses': fiveTimes("ProxyError('Cannot connect to proxy.', NewConnectionError('<pip._vendor.urllib3.connection.HTTPSConnection object at 0x7f03f73b2350>: Failed to establish a new connection: [Errno 111] Connection refused'))") + ending,
};

export const badCertificate = {
	'pip 23': `${fiveTimes(`SSLError(SSLCertVerificationError(1, '${certificate}'))`)}Could not fetch URL https://packages.example/simple/tensorflow-cpu/: There was a problem confirming the ssl certificate: HTTPSConnectionPool(host='packages.example', port=443): Max retries exceeded with url: /simple/tensorflow-cpu/ (Caused by SSLError(SSLCertVerificationError(1, '${certificate}'))) - skipping\n${ending}`,
	'pip 26': `${fiveTimes(`SSLError(SSLCertVerificationError(1, '${certificate}'))`)}Could not fetch URL https://packages.example/simple/tensorflow-cpu/: There was a problem confirming the ssl certificate: ${certificate} - skipping\n${ending}`,
};

export const otherVersionsOnly = `ERROR: Could not find a version that satisfies the requirement tensorflow-cpu==2.21.0 (from versions: 2.19.0, 2.20.0)
ERROR: No matching distribution found for tensorflow-cpu==2.21.0
`;

export const fullDisk = `  File "/usr/lib/python3/dist-packages/pip/_internal/network/download.py", line 148, in __call__
    content_file.write(chunk)
OSError: [Errno 28] No space left on device
`;

export const unforeseen = `WARNING: The directory or its parent directory is not owned or is not writable by the current user.
ERROR: HTTP error 403 while getting https://packages.example/tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl
`;
