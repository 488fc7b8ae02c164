export {cacheFolder, runtimeFolder, TENSORFLOW_VERSION} from './folders.ts';
export {loadRuntime, RuntimeMissingError, type Attribute, type Backend, type Binding, type HostValues, type Runtime, type TensorMetadata} from './load.ts';
export {TensorFlowError, type GraphOutput, type Pointer, type TensorFlowApi} from './capi.ts';
