import path from 'node:path';

/** The folder that the person has named with DREAMBOOTH_CUDA_LIBS in place of what `dreambooth setup` downloads. */
export const givenCudaFolder = (environment: NodeJS.ProcessEnv = process.env): string | undefined =>
	environment.DREAMBOOTH_CUDA_LIBS ? path.resolve(environment.DREAMBOOTH_CUDA_LIBS) : undefined;
