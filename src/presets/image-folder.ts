import fs from 'node:fs/promises';
import path from 'node:path';
import type {Concept} from './concepts.ts';
import {faultOf} from './paths.ts';
import type {Problem} from './problem.ts';

/** File names that are taken for images, in lower case. */
export const imageExtensions: readonly string[] = ['.png', '.jpg', '.jpeg', '.webp', '.tif', '.tiff', '.avif', '.gif'];

export interface FolderCount {
	readonly images: number;
	/** Files that are neither images nor captions (`.txt`). */
	readonly others: number;
}

export interface FolderFiles {
	/** Relative to the folder, in the order of their names. */
	readonly images: readonly string[];
	/** Files that are neither images nor captions (`.txt`). */
	readonly others: readonly string[];
}

/** Tells images by their extension, in subfolders too. Hidden files do not count. Throws what the file system says. */
export const listImages = async (folder: string): Promise<FolderFiles> => {
	const images: string[] = [];
	const others: string[] = [];
	for (const entry of await fs.readdir(folder, {recursive: true, withFileTypes: true})) {
		const extension = path.extname(entry.name).toLowerCase();
		if (entry.isDirectory() || entry.name.startsWith('.') || extension === '.txt') {
			continue;
		}

		(imageExtensions.includes(extension) ? images : others).push(path.relative(folder, path.join(entry.parentPath, entry.name)));
	}

	return {images: images.sort(), others: others.sort()};
};

/** How many files of either kind there are. Throws what the file system says. */
export const countImages = async (folder: string): Promise<FolderCount> => {
	const {images, others} = await listImages(folder);
	return {images: images.length, others: others.length};
};

/** Whether the folders of all concepts can be read and hold images. A class image folder may be missing: the run makes it. */
export const checkConceptFolders = async (concepts: readonly Concept[]): Promise<Problem[]> => {
	const problems: Problem[] = [];
	for (const [index, {instanceImages, classImages}] of concepts.entries()) {
		const instanceKey = `concepts.${index}.instanceImages`;
		if (instanceImages !== '') {
			try {
				const {images, others} = await countImages(instanceImages);
				if (images === 0) {
					const found = others === 0 ? 'is empty' : `holds ${others} ${others === 1 ? 'file' : 'files'}, but no image`;
					problems.push({level: 'block', key: instanceKey, message: `The folder of instance images ${instanceImages} ${found}.`, cure: `Put pictures of your subject there (${imageExtensions.join(' ')}).`});
				}
			} catch (error) {
				problems.push({level: 'block', key: instanceKey, message: `The folder of instance images ${instanceImages} ${faultOf(error)}.`, cure: 'Correct the path; relative paths start from the folder of the config file.'});
			}
		}

		if (classImages !== undefined) {
			try {
				await countImages(classImages);
			} catch (error) {
				if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
					problems.push({level: 'block', key: `concepts.${index}.classImages`, message: `The folder of class images ${classImages} ${faultOf(error)}.`, cure: 'Correct the path, or leave it out.'});
				}
			}
		}
	}

	return problems;
};
