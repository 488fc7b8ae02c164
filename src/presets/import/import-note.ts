import type {TrainingConfig} from '../config.ts';

/** What became of one key of a foreign config. */
export interface ImportNote {
	readonly key: string;
	/** `mapped` with a change worth a word; `dropped`: nothing here takes it; `refused`: this program does not do it. */
	readonly what: 'mapped' | 'dropped' | 'refused';
	readonly message: string;
}

/** The values that a foreign config gives, and what to say about the others. */
export interface Imported {
	readonly values: Partial<TrainingConfig>;
	readonly notes: readonly ImportNote[];
}
