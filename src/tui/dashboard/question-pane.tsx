import {Box} from 'ink';
import type {Command, StopWhen} from '../../train/protocol/index.ts';
import {TextPrompt} from '../text-prompt.tsx';
import {Choice} from './choice.tsx';
import type {DashboardContext} from './dashboard-keys.ts';
import {chosenSample, type Mode, type Question} from './dashboard-state.ts';
import type {Area} from './layout.ts';
import {PromptsEditor} from './prompts-editor.tsx';
import {rateFactors, rateItems} from './rate-items.ts';
import {discardItems, stopItems} from './stop-items.ts';

const questions: ReadonlySet<Mode> = new Set<Question>(['stop', 'discard', 'rates', 'sample-prompt', 'prompts']);
export const isQuestion = (mode: Mode): mode is Question => questions.has(mode);

/** A question that takes all keys until it is answered, its own keys in the last row. */
export function QuestionPane({question, context: {view, state, dispatch, order}, runFolder, area}: {question: Question; context: DashboardContext; runFolder: string; area: Area}) {
	const back = (): void => dispatch({type: 'show', mode: 'overview'});
	const give = (command: Command): void => {
		back();
		order(command);
	};

	switch (question) {
		case 'stop': {
			const choose = (when: StopWhen): void => when === 'discard' ? dispatch({type: 'show', mode: 'discard'}) : give({type: 'stop', when});
			return <Choice key={question} question={`Stop training at step ${view.step}?`} items={stopItems(view, runFolder)} area={area} onChoose={choose} onCancel={back}/>;
		}

		case 'discard': {
			return (
				<Choice
					key={question} question="Stop, and delete what was trained?" items={discardItems()} area={area} onCancel={back}
					onChoose={answer => answer === 'discard' ? give({type: 'stop', when: 'discard'}) : back()}
				/>
			);
		}

		case 'rates': {
			return <Choice key={question} question="Multiply the learning rates?" items={rateItems(view)} area={area} onChoose={change => give({type: 'scale-learning-rate', factor: rateFactors[change]})} onCancel={back}/>;
		}

		case 'sample-prompt': {
			const initial = chosenSample(view, state)?.prompt ?? view.samplePrompts[0] ?? '';
			return (
				<Box height={area.rows} width={area.columns}>
					<TextPrompt question="Enter draws a sample of:" initial={initial} columns={area.columns} onDone={prompt => prompt === '' ? back() : give({type: 'sample-now', prompts: [prompt]})} onCancel={back}/>
				</Box>
			);
		}

		case 'prompts': {
			return <PromptsEditor prompts={view.samplePrompts} area={area} onDone={prompts => give({type: 'set-sample-prompts', prompts: [...prompts]})} onCancel={back}/>;
		}
	}
}
