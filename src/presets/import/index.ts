export {importCommandLine, looksLikeCommandLine} from './command-line.ts';
export {importExtensionConfig, looksLikeExtensionConfig} from './extension-config.ts';
export {importForeign} from './import-foreign.ts';
export type {Imported, ImportNote} from './import-note.ts';
