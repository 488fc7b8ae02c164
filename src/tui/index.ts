import type * as dashboard from './dashboard/index.ts';
import type * as app from './run-app.tsx';

/** Ink and React are loaded only now: plain lines do without them. */
export const openDashboard: typeof dashboard.openDashboard = async options => (await import('./dashboard/index.ts')).openDashboard(options);
export const runApp: typeof app.runApp = async options => (await import('./run-app.tsx')).runApp(options);
export {followPlain} from './plain.ts';
// Not through the door of that room, which opens React's too.
export {capabilities} from './term/capabilities.ts';
