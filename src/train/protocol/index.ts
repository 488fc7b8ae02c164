export {eventSchema, phases, type EventBody, type EventOf, type Phase, type RunEvent} from './events.ts';
export {commandSchema, type Command} from './commands.ts';
export {RunBusyError, RunError, RunNotFoundError, RunNotRunningError} from './errors.ts';
export {beat, heartbeat, identify, isAlive, processIdentitySchema, silenceMs, type ProcessIdentity} from './liveness.ts';
export {readRun, writeRun, type Run, type RunRecord} from './run-record.ts';
export {createRun, findRun, latestCheckpoint, listRuns, packageRoot, runsFolder} from './run-folder.ts';
export {EventLog, EventReader, eventFile, followEvents, readEvents} from './event-log.ts';
export {isEnded, isHeld, summarizeRun, type RunState, type RunSummary} from './run-state.ts';
export {sendCommand, serveControl, type ControlServer, type Reply} from './control.ts';
