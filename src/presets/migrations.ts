import type {Values} from './setting.ts';

/** Rewrites a config of one version as the next; the first entry turns version 1 into version 2. */
export type Migration = (values: Values) => Values;

export const migrations: readonly Migration[] = [];

/** The version that this program writes: one more than there are migrations. */
export const configVersion = 1;

/** A config of any version up to the current one, rewritten as the current one. A config without a version is taken as current. */
export const migrate = (values: Values, steps: readonly Migration[] = migrations): Values => {
	const current = 1 + steps.length;
	const version = values.version ?? current;
	return typeof version === 'number' && Number.isInteger(version) && version >= 1 && version <= current ?
			steps.slice(version - 1).reduce<Values>((older, step) => step(older), {...values, version: current})
		:	values;
};
