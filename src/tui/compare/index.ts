export {Compare, type ComparedRun, type CompareProps} from './compare.tsx';
export {openCompare} from './open-compare.tsx';
export {differences, type Difference} from './differences.ts';
