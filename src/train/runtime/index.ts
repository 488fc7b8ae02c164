export {cacheFolder, runtimeFolder, TENSORFLOW_VERSION} from './folders.ts';
export {loadRuntime, RuntimeMissingError, type Attribute, type Backend, type Binding, type HostValues, type Runtime, type TensorMetadata} from './load.ts';
export {TensorFlowError, type GraphOutput, type Pointer, type TensorFlowApi} from './capi.ts';
export {isRuntimeReady, probeRuntime, storedVerdict, type Verdict} from './probe-runtime.ts';
export type {ProbeReport} from './probe-report.ts';
export {formatProgress, type Progress, type Tell} from './progress.ts';
export {describeSetup, removeRuntime, setupRuntime, type SetupOptions} from './setup.ts';
export {SetupError} from './setup-error.ts';
export {doctor, formatDoctor, type DoctorReport, type DoctorRow, type Findings} from './doctor.ts';
