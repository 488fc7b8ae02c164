import type * as dashboard from './dashboard/index.ts';
import type * as app from './run-app.tsx';
import type * as compare from './compare/index.ts';

/** Ink and React are loaded only now: plain lines do without them. */
export const openDashboard: typeof dashboard.openDashboard = async options => (await import('./dashboard/index.ts')).openDashboard(options);
export const openCompare: typeof compare.openCompare = async options => (await import('./compare/index.ts')).openCompare(options);
export const runApp: typeof app.runApp = async options => (await import('./run-app.tsx')).runApp(options);
export {followPlain, type Voice} from './plain.ts';
// Not through the doors of their rooms, which open React's too.
export {compareRows} from './compare/compare-rows.ts';
export {capabilities, wantsSpeech} from './term/capabilities.ts';
export {hyperlink} from './term/hyperlink.ts';
