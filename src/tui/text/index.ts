export {textInput, type TextInput} from './text-keys.ts';
export {reduceTextLine, textLine, type TextLine, type TextLineAction} from './text-line.ts';
export {textOfLine, TextLineView} from './text-line-view.tsx';
export {reduceTextLines, textLines, type TextLines, type TextLinesAction} from './text-lines.ts';
export {useTextLine} from './use-text-line.ts';
