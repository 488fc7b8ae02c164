import type {TrainingConfig} from '../presets/index.ts';
import type {Command, EventBody} from './protocol/index.ts';

/** What the loop may say. How a run ends is said by its runner, exactly once. */
export type TrainerEvent = Exclude<EventBody, {type: 'finished' | 'failed' | 'stopped' | 'restarted'}>;

/** What the person asked of the run and the loop has not yet answered. */
export interface CommandQueue {
	/**
	 * The oldest command that waits, or undefined.
	 * Commands arrive while the event loop turns: the training loop gives it a turn between steps (`setImmediate`).
	 */
	take(): Command | undefined;
	/** The next command, whenever it comes: what a paused run waits for. */
	wait(): Promise<Command>;
}

/** All that a training run has of the world outside: its config, its folder, a voice and an ear. */
export interface Session {
	readonly runId: string;
	readonly config: TrainingConfig;
	/** Absolute. `samples/`, `checkpoints/` and `output/` exist in it. */
	readonly runFolder: string;
	/** Adds one line to the run's event log. Files in events are relative to `runFolder`. */
	emit(event: TrainerEvent): void;
	readonly commands: CommandQueue;
	/** Absolute folder of the checkpoint to continue from, exactly; absent: begin at step 0. */
	readonly checkpoint?: string;
	/** Absolute diffusers folder of an earlier run whose weights this run begins with instead of the base model's. */
	readonly furtherFrom?: string;
}

/** How a run ended that ended by itself; everything else is an error. */
export type Outcome =
	/** `output` the single file, `folder` the diffusers folder: relative to the run folder. */
	| {readonly type: 'finished'; readonly output: string; readonly folder?: string}
	/** The person stopped it. `resumable`: a checkpoint is there to continue from. */
	| {readonly type: 'stopped'; readonly resumable: boolean};

/**
 * `train(session)` from loop.ts. An error that carries an `action` (what the person can do) ends the run as failed
 * with its words; any other error is a defect and is reported as one.
 */
export type Train = (session: Session) => Promise<Outcome>;
