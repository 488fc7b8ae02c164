import {createHash} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import {wheelsForGpu} from '../../../src/train/runtime/index.ts';
import {tensorflowCpu, wheelFile, type Wheel} from '../../../src/train/runtime/wheel.ts';

/** What is wanted of TensorFlow's wheel, and what is not, with contents of a few bytes. */
export const members: Readonly<Record<string, string>> = {
	'tensorflow/libtensorflow_cc.so.2': 'the library',
	'tensorflow/libtensorflow_framework.so.2': 'the framework',
	'tensorflow/include/tensorflow/c/eager/c_api.h': '// a header',
	'tensorflow/include/tensorflow/core/framework/op.h': '// a header of the C++ side',
	'tensorflow/python/ops.py': 'pass',
};

const wanted = Object.keys(members).slice(0, 3);

/** What unpacking leaves of it: file -> content, relative to the runtime folder. */
export const unpacked: Readonly<Record<string, string>> = Object.fromEntries(wanted.map(name => [name, members[name]]));

/**
 * Writes a wheel (a zip file with a RECORD) and gives its pins. `altered`: contents that RECORD does not know of; `of`: the wheel that
 * it stands for.
 */
export function writeWheel(folder: string, altered: Readonly<Record<string, string>> = {}, {of = tensorflowCpu, contents = members}: {of?: Wheel; contents?: Readonly<Record<string, string>>} = {}): Wheel {
	const digest = (content: string) => createHash('sha256').update(content).digest('base64url');
	const record = `${of.project.replaceAll('-', '_')}-${of.version}.dist-info/RECORD`;
	const lines = Object.entries(contents).map(([name, content]) => `${name},sha256=${digest(content)},${content.length}\n`).join('');
	const bytes = zip({...contents, ...altered, [record]: `${lines}${record},,\n`});
	const wheel: Wheel = {...of, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), unpackedBytes: 1000};
	fs.mkdirSync(folder, {recursive: true});
	fs.writeFileSync(path.join(folder, wheelFile(wheel)), bytes);
	return wheel;
}

/** The same of TensorFlow's GPU build and of CUDA: each library holds its own name. */
export const writeGpuWheels = (folder: string): Wheel[] =>
	wheelsForGpu({state: 'none'}).map(of => writeWheel(folder, {}, {of, contents: of.folder === 'tensorflow' ? members : {...Object.fromEntries(of.files.map(file => [file, file])), [`${of.folder}/include/unwanted.h`]: ''}}));

/** A zip archive with stored members, as APPNOTE.TXT 4.3 has it. */
function zip(contents: Readonly<Record<string, string>>): Buffer {
	const locals: Buffer[] = [];
	const centrals: Buffer[] = [];
	let offset = 0;
	for (const [name, content] of Object.entries(contents)) {
		const common = Buffer.alloc(26);
		common.writeUInt16LE(20, 0);
		common.writeUInt32LE(zlib.crc32(content), 10);
		common.writeUInt32LE(content.length, 14);
		common.writeUInt32LE(content.length, 18);
		common.writeUInt16LE(name.length, 22);
		const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), common, Buffer.from(name), Buffer.from(content)]);
		// Comment and disk number, then the attributes: an ordinary file's mode in the upper half (APPNOTE.TXT 4.4.15).
		const position = Buffer.alloc(14);
		position.writeUInt32LE(((name.includes('/bin/') ? 0o100744 : 0o100644) << 16) >>> 0, 6);
		position.writeUInt32LE(offset, 10);
		centrals.push(Buffer.concat([Buffer.from('PK\u0001\u0002'), Buffer.from([20, 0]), common, position, Buffer.from(name)]));
		locals.push(local);
		offset += local.length;
	}
	const directory = Buffer.concat(centrals);
	const end = Buffer.alloc(18);
	end.writeUInt16LE(centrals.length, 4);
	end.writeUInt16LE(centrals.length, 6);
	end.writeUInt32LE(directory.length, 8);
	end.writeUInt32LE(offset, 12);
	return Buffer.concat([...locals, directory, Buffer.from('PK\u0005\u0006'), end]);
}
