export type FindingKind = 'skippedFile' | 'captionWithoutImage' | 'enlarged' | 'mergedBuckets' | 'duplicates' | 'mixedOrientation' | 'promptTooLong' | 'noRareToken' | 'splitToken' | 'tokenInClassPrompt' | 'sharedToken';

/** Something about the images or prompts that is likely to harm the training. */
export interface Finding {
	readonly kind: FindingKind;
	/** Index of the concept that it is about. */
	readonly concept: number;
	/** Absolute; empty where it is not about files. */
	readonly files: readonly string[];
	readonly message: string;
	readonly cure: string;
}
