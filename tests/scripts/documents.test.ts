import fs from 'node:fs';
import {expect, test} from 'vitest';
import {document, documents} from '../../scripts/write-tables.ts';

test.each(documents)('the tables and screens of %s are up to date (npx tsx scripts/write-tables.ts writes them)', file => {
	const {is, shouldBe} = document(file);
	expect(is).toBe(shouldBe);
});

test.each(['README.md', 'bench/README.md', 'THIRD-PARTY-NOTICES.md'])('%s points only at files that are there', file => {
	const folder = file.includes('/') ? `${file.split('/')[0]}/` : '';
	const links = [...fs.readFileSync(file, 'utf8').matchAll(/\]\((?!https?:|#)([^)]+)\)/g)].map(match => match[1]!);
	expect(links.filter(link => !fs.existsSync(`${folder}${link}`))).toEqual([]);
});
