import {statSync} from 'node:fs';
import path from 'node:path';
import {loadTokenizer, type Tokenizer} from '../models/index.ts';

/** The tokenizer of a base model: a diffusers folder's own; a single file has CLIP's. */
export const inspectionTokenizer = (model: string): Tokenizer => loadTokenizer(statSync(model).isDirectory() ? path.join(model, 'tokenizer') : 'clip');
