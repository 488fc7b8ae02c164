export {openDashboard} from './dashboard/index.ts';
export {followPlain} from './plain.ts';
export {capabilities} from './term/index.ts';
