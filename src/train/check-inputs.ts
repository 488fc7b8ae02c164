import {existsSync, statSync} from 'node:fs';
import {resolveBaseModel, type Problem, type TrainingConfig} from '../presets/index.ts';
import {requireImage} from './data/index.ts';
import {requireRoom} from './disk-room.ts';
import {randomStart} from './model-files.ts';
import {describeFailure, runsFolder} from './protocol/index.ts';
import {checkWeights, networkTensors, openModelFolder, openSafetensors, type ModelFolder, type RandomStart, type SafetensorsFile} from './weights/index.ts';

/**
 * Looks into the files that a run begins with, as far as that needs no engine: whether the model's configs and the tensors that
 * its weight files list are right, whether each folder holds an image that can be read, and whether the disk has room for the trained model.
 * @param furtherFrom a diffusers folder to begin with instead of the base model
 * @returns what stops the run, by the keys of the config
 */
export async function checkInputs(config: TrainingConfig, {furtherFrom}: {readonly furtherFrom?: string} = {}): Promise<Problem[]> {
	const {baseModel, vae, loraFile, concepts} = config;
	const checks: readonly (readonly [key: string, check: () => Promise<void>])[] = [
		...(baseModel === '' ? [] : [['baseModel', () => (furtherFrom === undefined ? checkModel(resolveBaseModel(baseModel), config, randomStart(config)) : checkModel(furtherFrom, config))] as const]),
		...(isFile(vae) ? [['vae', () => checkFile(vae)] as const] : []),
		...(isFile(loraFile) ? [['loraFile', () => checkFile(loraFile)] as const] : []),
		...concepts.flatMap(({instanceImages}, index) => (existsSync(instanceImages) ? [[`concepts.${index}.instanceImages`, () => requireImage(instanceImages)] as const] : [])),
	];
	const problems: Problem[] = [];
	for (const [key, check] of checks) {
		try {
			await check();
		} catch (error) {
			const {cause, message, action} = describeFailure(error, {next: '', evidence: 'this config'});
			if (cause === 'defect') throw error;
			problems.push({level: 'block', key, message, cure: action});
		}
	}
	return problems;
}

async function checkModel(source: string, config: TrainingConfig, random?: RandomStart): Promise<void> {
	if (!existsSync(source)) return;
	if (isFile(source)) {
		const file = await openSafetensors(source);
		await file.close();
		checkRoom(numbersIn(file), config);
		return;
	}
	const model = await openModelFolder(source, {random});
	await model.close();
	checkShapes(model, config);
	checkRoom(numbersIn(model.unet) + numbersIn(model.vae) + numbersIn(model.textEncoder), config);
}

/** @throws WeightsError naming every tensor that the model's networks need and its files do not have so */
function checkShapes(model: ModelFolder, {vae}: TrainingConfig): void {
	const needed = networkTensors(model);
	const used = vae === '' ? (['unet', 'textEncoder', 'vae'] as const) : (['unet', 'textEncoder'] as const);
	for (const network of used) checkWeights(model[network], new Map([...needed[network]].map(([name, {shape}]) => [name, shape])));
}

/** What is known before the networks are: a single file and a diffusers folder of all weights. The run itself counts its checkpoints, too. */
function checkRoom(numbers: number, {training, outputPrecision}: TrainingConfig): void {
	if (training === 'full') requireRoom(runsFolder(), 2 * numbers * (outputPrecision === 'f16' ? 2 : 4), 'The trained model, as a file and as a folder,');
}

const checkFile = async (file: string): Promise<void> => (await openSafetensors(file)).close();

const isFile = (place: string): boolean => place !== '' && statSync(place, {throwIfNoEntry: false})?.isFile() === true;

const numbersIn = ({tensors}: SafetensorsFile): number => [...tensors.values()].reduce((sum, {shape}) => sum + shape.reduce((product, size) => product * size, 1), 0);
