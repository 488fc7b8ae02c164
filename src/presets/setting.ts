/** What a setting declares about itself; the config's type and schema, the command line, the forms and the help derive from it. */

export const groups = ['image', 'text', 'model', 'optimizer', 'schedule', 'memory', 'sampling', 'saving', 'device'] as const;
export type Group = (typeof groups)[number];

/** Values of a config or a concept by key, as a condition sees them. */
export type Values = Readonly<Record<string, unknown>>;

/** Where a setting has an effect. While `test` fails, forms hide it and `reason` says why. */
export interface Need {
	test(values: Values): boolean;
	/** A whole sentence, such as "There are no class images." */
	readonly reason: string;
}

/** How the A1111 DreamBooth extension calls it: keys of its config (older ones too) and the labels of its panel. */
export interface ExtensionName {
	readonly keys: readonly string[];
	readonly english?: string;
	readonly chinese?: string;
}

interface Declaration<Key extends string> {
	/** The key in the config and in its JSON file. */
	readonly key: Key;
	readonly group: Group;
	/** The name of the form field. */
	readonly label: string;
	/** One line. */
	readonly help: string;
	/** What it does; its effect on memory, speed and quality; a rule of thumb; where the extension differs. */
	readonly longHelp: string;
	/** Of a number: pixels, steps, images ... */
	readonly unit?: string;
	readonly extension?: ExtensionName;
	/** Other names that people may look it up by, in English and Chinese. */
	readonly aliases?: readonly string[];
	readonly needs?: Need;
}

interface Derived {
	/** `--learning-rate` for `learningRate`. */
	readonly cliFlag: string;
}

interface NumberRange {
	readonly min: number;
	readonly max: number;
	/** What an arrow key adds. */
	readonly step: number;
	readonly default: number;
}

/** A whole number, `min` to `max`. */
export interface IntSetting<Key extends string = string> extends Declaration<Key>, Derived, NumberRange {
	readonly type: 'int';
	readonly multipleOf?: number;
}

/** A finite number, `min` to `max`. */
export interface RealSetting<Key extends string = string> extends Declaration<Key>, Derived, NumberRange {
	readonly type: 'real';
}

export interface Choice<Value extends string = string> {
	readonly value: Value;
	readonly help: string;
	/** What other programs call it: understood on the command line and in forms. */
	readonly aliases?: readonly string[];
}

export interface ChoiceSetting<Key extends string = string, Value extends string = string> extends Declaration<Key>, Derived {
	readonly type: 'choice';
	readonly choices: readonly Choice<Value>[];
	readonly default: Value;
}

export interface ToggleSetting<Key extends string = string> extends Declaration<Key>, Derived {
	readonly type: 'toggle';
	readonly default: boolean;
}

export interface TextSetting<Key extends string = string> extends Declaration<Key>, Derived {
	readonly type: 'text';
	readonly default: string;
	/** `says` completes the sentence "It must ...". */
	readonly pattern?: {readonly matches: RegExp; readonly says: string};
}

/** A folder or file. Relative paths are resolved against the folder of the config file; `words` are names that are no paths. */
export interface PathSetting<Key extends string = string> extends Declaration<Key>, Derived {
	readonly type: 'path';
	readonly kind: 'folder' | 'file' | 'folder or file';
	readonly default: string;
	readonly words?: readonly string[];
}

/** A list of texts; on the command line the flag is repeated. */
export interface TextsSetting<Key extends string = string> extends Declaration<Key>, Derived {
	readonly type: 'texts';
	readonly default: readonly string[];
}

export type Setting<Key extends string = string> =
	| IntSetting<Key>
	| RealSetting<Key>
	| ChoiceSetting<Key>
	| ToggleSetting<Key>
	| TextSetting<Key>
	| PathSetting<Key>
	| TextsSetting<Key>;

export type SettingValue = number | boolean | string | readonly string[];

/** The type of a setting's value. */
export type ValueOf<S> =
	S extends ChoiceSetting<string, infer Value> ? Value
	: S extends {readonly type: 'int' | 'real'} ? number
	: S extends {readonly type: 'toggle'} ? boolean
	: S extends {readonly type: 'texts'} ? readonly string[]
	: string;

type Declared<S> = Omit<S, 'type' | keyof Derived>;

const derived = (key: string): Derived => ({cliFlag: `--${key.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`});

export const int = <const Key extends string>(declared: Declared<IntSetting<Key>>): IntSetting<Key> => ({...declared, ...derived(declared.key), type: 'int'});

export const real = <const Key extends string>(declared: Declared<RealSetting<Key>>): RealSetting<Key> => ({...declared, ...derived(declared.key), type: 'real'});

export const choice = <const Key extends string, const Value extends string>(declared: Declared<ChoiceSetting<Key, Value>>): ChoiceSetting<Key, Value> =>
	({...declared, ...derived(declared.key), type: 'choice'});

export const toggle = <const Key extends string>(declared: Declared<ToggleSetting<Key>>): ToggleSetting<Key> => ({...declared, ...derived(declared.key), type: 'toggle'});

export const text = <const Key extends string>(declared: Declared<TextSetting<Key>>): TextSetting<Key> => ({...declared, ...derived(declared.key), type: 'text'});

export const path = <const Key extends string>(declared: Declared<PathSetting<Key>>): PathSetting<Key> => ({...declared, ...derived(declared.key), type: 'path'});

export const texts = <const Key extends string>(declared: Declared<TextsSetting<Key>>): TextsSetting<Key> => ({...declared, ...derived(declared.key), type: 'texts'});

/** Why the setting has no effect with these values, or undefined when it has one. */
export const whyHidden = (setting: Setting, values: Values): string | undefined =>
	setting.needs && !setting.needs.test(values) ? setting.needs.reason : undefined;
