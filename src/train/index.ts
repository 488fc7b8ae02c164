export {continueRun, startRun, type RunRequest} from './launch.ts';
export {DiskRoomError, requireRoom} from './disk-room.ts';
export {sampleInProcess, type SampleProgress, type SampleJob} from './sample-process.ts';
export {describeFailure, type Failure} from './failure.ts';
