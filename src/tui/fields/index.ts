export {CheckLines} from './check-lines.tsx';
export type {FieldValues, PathCheck} from './form-context.ts';
export {optionBeside} from './options.ts';
export {SettingEditor} from './setting-editor.tsx';
export {SettingsForm} from './settings-form.tsx';
export {useCheck} from './use-check.ts';
