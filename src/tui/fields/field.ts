import type {AbstractFormField, FormFieldManager, SpecificFormFieldRendererProps} from 'ink-form';
import type {Setting, SettingValue} from '../../presets/index.ts';

/** The type names are our own: ink-form looks for its built-in ones first and would never use ours. */
export type FieldType = Setting['type'];

/** A field of a form, made of a setting's declaration. */
export type SettingField = AbstractFormField<FieldType, SettingValue> & {readonly setting: Setting};

export type SettingFieldProps = SpecificFormFieldRendererProps<SettingField>;
export type SettingFieldManager = FormFieldManager<SettingField>;

/** Its label must be the only one of its kind in the form: ink-form tells fields apart by it. */
export const fieldOf = (setting: Setting): SettingField => ({type: setting.type, name: setting.key, label: setting.label, description: setting.help, setting});
