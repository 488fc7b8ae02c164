export type {FieldValues, PathCheck} from './form-context.ts';
export {optionBeside} from './options.ts';
export {SettingEditor} from './setting-editor.tsx';
export {SettingsForm} from './settings-form.tsx';
