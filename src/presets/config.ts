import * as z from 'zod';
import {conceptSchema, type Concept} from './concepts.ts';
import {configVersion} from './migrations.ts';
import {schemaOf} from './schema.ts';
import {settings, type SettingValues} from './settings/index.ts';

/** Everything that decides what a run does: the settings by key, and the concepts to teach. Also the shape of its JSON file. */
export interface TrainingConfig extends SettingValues {
	readonly version: typeof configVersion;
	readonly concepts: readonly Concept[];
}

/** Fills in the defaults; unknown keys are errors. Relative paths stay as they are (parseConfig resolves them). */
export const trainingConfigSchema = z.strictObject({
	version: z.literal(configVersion).default(configVersion),
	...Object.fromEntries(settings.map(setting => [setting.key, schemaOf(setting).default(setting.default)])),
	concepts: z.array(conceptSchema).default([]),
}) as unknown as z.ZodType<TrainingConfig>;

/** The default of every setting and no concepts yet. */
export const defaultConfig = (): TrainingConfig => trainingConfigSchema.parse({});
