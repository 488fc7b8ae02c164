export {CheckLines} from './check-lines.tsx';
export {fieldOf, type SettingField} from './field.ts';
export {FormContext, type CheckLine, type FieldValues, type FormContextValue, type PathCheck} from './form-context.ts';
export {fieldManagers} from './managers.tsx';
export {optionBeside} from './options.ts';
export {isFolder} from './path-completion.ts';
export {SettingEditor} from './setting-editor.tsx';
export {SettingsForm} from './settings-form.tsx';
export {useCheck} from './use-check.ts';
