export {Compare, type ComparedRun, type CompareProps} from './compare.tsx';
export {openCompare} from './open-compare.tsx';
