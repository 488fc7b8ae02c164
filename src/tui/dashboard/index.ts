export {Dashboard, type DashboardProps} from './dashboard.tsx';
export {chosenSample, initialState, reduceDashboard, SMOOTHINGS, type DashboardAction, type DashboardState} from './dashboard-state.ts';
export {HelpOverlay} from './help-overlay.tsx';
export {SEPARATOR_COLUMNS, SMALLEST, tooSmallMessage, type Area} from './layout.ts';
export {LossPane} from './loss-pane.tsx';
export {stepsOf} from './measure-pane.tsx';
export {openDashboard} from './open-dashboard.tsx';
export {SamplePane} from './sample-pane.tsx';
export {Separator} from './separator.tsx';
