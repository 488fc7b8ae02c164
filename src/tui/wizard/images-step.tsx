import {useState} from 'react';
import type {PictureCache} from '../term/index.ts';
import {valuesOf} from './answers.ts';
import {ConceptList} from './concept-list.tsx';
import {FormStep} from './form-step.tsx';
import {freeRareWord} from './prompts.ts';
import type {StepProps} from './step-context.ts';

/** What is taught: the questions of the one concept, or a list of several, each of which opens to its questions. */
export function ImagesStep({pictures, ...props}: StepProps & {pictures: PictureCache}) {
	const {outcome: {config}, dispatch, next, back, place} = props;
	const {concepts} = config;
	const isOne = concepts.length === 1;
	const [cursor, setCursor] = useState(0);
	const [isOpen, setIsOpen] = useState(isOne);
	const at = Math.min(cursor, concepts.length - 1);
	const add = (): void => {
		dispatch({type: 'add concept', word: freeRareWord(concepts.map(({instancePrompt}) => instancePrompt))});
		setCursor(concepts.length);
		setIsOpen(true);
	};
	const open = (concept: number): void => {
		setCursor(concept);
		setIsOpen(true);
	};
	const toList = (): void => setIsOpen(false);
	const remove = (): void => {
		dispatch({type: 'remove concept', concept: at});
		setCursor(Math.max(0, at - 1));
	};

	if (!isOne && !isOpen) {
		return <ConceptList {...props} pictures={pictures} cursor={at} moveTo={setCursor} open={open} add={add} remove={remove}/>;
	}

	const {instanceImages} = concepts[at]!;
	return (
		<FormStep
			key={`${at} of ${concepts.length}`} {...props} concept={at} values={valuesOf(config, at)} isListed={!isOne}
			place={isOne ? place : `concept ${at + 1} of ${concepts.length}`} next={isOne ? next : toList} back={isOne ? back : toList}
			{...(isOne && {add})} {...(instanceImages === '' ? {firstKey: 'instanceImages'} : {photos: {folder: instanceImages, pictures}})}
		/>
	);
}
