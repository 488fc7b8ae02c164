import {Box, Text} from 'ink';
import path from 'node:path';
import {useEffect, useState} from 'react';
import {absolutePath, listImages} from '../../presets/index.ts';
import type {Area} from '../page.tsx';
import {pictureSize, usePicture, type PictureCache} from '../term/index.ts';

/** Below this one sees nothing; above, fewer photos say less than larger ones. */
const SMALLEST_ROWS = 3;
const LARGEST_ROWS = 8;
const GAP = 1;

interface Photo {
	readonly file: string;
	/** As seen: turned the way the camera was held. */
	readonly width: number;
	readonly height: number;
}

/** The first photos of a folder, as many as fit beside each other. */
export function Thumbnails({folder, pictures, area: {columns, rows}}: {folder: string; pictures: PictureCache; area: Area}) {
	const boxRows = Math.min(rows, LARGEST_ROWS);
	const box = {columns: boxRows * 2, rows: boxRows};
	const count = rows < SMALLEST_ROWS || pictures.terminal.pictures === 'none' ? 0 : Math.floor(columns / (box.columns + GAP));
	return <Box width={columns} height={rows}>{usePhotos(folder, count).map(photo => <Thumbnail key={photo.file} photo={photo} pictures={pictures} box={box}/>)}</Box>;
}

function Thumbnail({photo, pictures, box}: {photo: Photo; pictures: PictureCache; box: Area}) {
	const picture = usePicture(pictures, photo, pictureSize(photo, box));
	return (
		<Box width={box.columns + GAP} flexDirection="column">
			{picture.state === 'ready' && picture.rows.map((row, index) => <Text key={index}>{row}</Text>)}
		</Box>
	);
}

/** At most `count` of the photos that can be read. */
function usePhotos(folder: string, count: number): readonly Photo[] {
	const [found, setFound] = useState<{readonly folder: string; readonly photos: readonly Photo[]}>({folder: '', photos: []});
	useEffect(() => {
		let isWanted = true;
		const look = async (): Promise<void> => {
			const absolute = absolutePath(folder);
			const {images} = await listImages(absolute);
			// Some may be damaged.
			const photos = await Promise.all(images.slice(0, 2 * count).map(async image => photoAt(path.join(absolute, image))));
			if (isWanted) {
				setFound({folder, photos: photos.filter(photo => photo !== undefined).slice(0, count)});
			}
		};

		if (count > 0) {
			look().catch(() => {
				// The check of the folder says what is wrong with it.
			});
		}

		return () => {
			isWanted = false;
		};
	}, [folder, count]);
	return found.folder === folder ? found.photos : [];
}

async function photoAt(file: string): Promise<Photo | undefined> {
	const {default: sharp} = await import('sharp');
	try {
		const image = sharp(file, {failOn: 'error'});
		const {autoOrient: {width, height}} = await image.metadata();
		await image.resize(16, 16, {fit: 'fill'}).raw().toBuffer();
		return {file, width, height};
	} catch {
		return undefined;
	}
}
