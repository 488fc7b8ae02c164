/** A line of progress on standard error that is drawn over; nothing where no person looks. `at` takes the share that is done, 0 ... 1. */
export function showProgress(what = ''): {at(share: number): void; clear(): void} {
	const write = (text: string) => {
		if (process.stderr.isTTY) {
			process.stderr.write(`\r\u001B[K${text}`);
		}
	};
	return {
		at(share) {
			write([what, `${Math.round(share * 100)} %`].filter(Boolean).join(' '));
		},
		clear() {
			write('');
		},
	};
}
