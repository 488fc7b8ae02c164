import sharp, {type Sharp} from 'sharp';

/**
 * The pixels of a scene, [size, size, 3] in row order, 8-bit sRGB.
 * @param size pixels along one side
 */
export const renderScene = async (svg: string, size: number): Promise<Uint8Array> => drawn(svg, size).raw().toBuffer();

/** The same picture as a PNG file. */
export const renderScenePng = async (svg: string, size: number): Promise<Uint8Array> => drawn(svg, size).png().toBuffer();

// The picture is drawn in the wanted size at once: edges are as smooth as pixels can show them.
const drawn = (svg: string, size: number): Sharp => sharp(Buffer.from(svg)).resize(size, size).removeAlpha();
