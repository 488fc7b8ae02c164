import {validation} from '../needs.ts';
import {int} from '../setting.ts';

export const validateEverySteps = int({
	key: 'validateEverySteps',
	group: 'sampling',
	label: 'Validate every',
	help: 'Steps between two measurements of the validation loss; 0 measures only before the first step.',
	longHelp: 'One forward pass for each validation image and level; a few per cent of the time at 50 steps. Never changes the training.',
	min: 0,
	max: 1_000_000,
	step: 10,
	default: 50,
	unit: 'steps',
	needs: validation,
	aliases: ['validation interval'],
});
