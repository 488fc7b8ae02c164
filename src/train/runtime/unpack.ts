import {createHash} from 'node:crypto';
import {createWriteStream} from 'node:fs';
import {mkdir} from 'node:fs/promises';
import path from 'node:path';
import {Transform} from 'node:stream';
import {buffer} from 'node:stream/consumers';
import {pipeline} from 'node:stream/promises';
import {openPromise, type Entry} from 'yauzl';
import {byteProgress, type Tell} from './progress.ts';
import {SetupError} from './setup-error.ts';
import {isWanted, type Wheel} from './wheel.ts';

/** Takes the wanted members out of the wheel, each checked against the digest in the wheel's RECORD. @throws SetupError */
export async function unpackWheel(wheel: Wheel, file: string, target: string, tell: Tell): Promise<void> {
	const zip = await openPromise(file, {autoClose: false});
	try {
		const entries: Entry[] = [];
		for await (const entry of zip.eachEntry()) entries.push(entry);
		const record = entries.find(({fileName}) => fileName.endsWith('.dist-info/RECORD'));
		const wanted = entries.filter(({fileName}) => isWanted(wheel, fileName));
		if (!record) throw new SetupError(`${file} is not a wheel of ${wheel.name}.`, 'Download it again: dreambooth setup');
		const lacking = wheel.files.find(name => wanted.every(({fileName}) => fileName !== name));
		if (lacking !== undefined) throw new SetupError(`${file} has no ${lacking}.`, 'Download it again: dreambooth setup');
		const digests = digestsOf((await buffer(await zip.openReadStreamPromise(record))).toString());

		const progress = byteProgress(`Unpacking ${wheel.name}`, wanted.reduce((bytes, {uncompressedSize}) => bytes + uncompressedSize, 0), tell);
		let done = 0;
		for (const entry of wanted) {
			const place = path.join(target, entry.fileName);
			await mkdir(path.dirname(place), {recursive: true});
			const hash = createHash('sha256');
			const count = new Transform({
				transform(piece: Buffer, _, next) {
					hash.update(piece);
					progress((done += piece.length));
					next(null, piece);
				},
			});
			// Flushed, so that what is renamed into its place is whole after a power cut too.
			await pipeline(await zip.openReadStreamPromise(entry), count, createWriteStream(place, {flush: true, mode: isProgram(entry) ? 0o755 : 0o644}));
			if (hash.digest('base64url') !== digests.get(entry.fileName)) throw new SetupError(`${entry.fileName} in ${file} differs from the wheel's own record.`, 'Download it again: dreambooth setup --remove && dreambooth setup');
		}
	} finally {
		zip.close();
	}
}

/** The upper half of these attributes is the mode of a Unix file (APPNOTE.TXT 4.4.15). */
const isProgram = ({externalFileAttributes}: Entry): boolean => ((externalFileAttributes >>> 16) & 0o100) !== 0;

/** RECORD: `path,sha256=<base64url>,size` on each line. */
const digestsOf = (record: string): Map<string, string> =>
	new Map(record.split('\n').flatMap(line => {
		const [, member, digest] = /^(.*),sha256=([^,]+),\d*\r?$/.exec(line) ?? [];
		return member === undefined ? [] : [[member, digest] as const];
	}));
