// Makes a model of random weights for benches that need one: see synthetic-model.ts, which starts it.
//   npx tsx bench/make-synthetic-model.ts sd15 FOLDER
import {isArchitecture, makeSyntheticModel} from './synthetic-model.ts';

const [architecture, root] = process.argv.slice(2);
if (!isArchitecture(architecture) || root === undefined) throw new Error('Name a model, as sd15, and the folder for it.');
await makeSyntheticModel(architecture, root);
