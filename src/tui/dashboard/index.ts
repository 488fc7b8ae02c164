export {Dashboard, type DashboardProps} from './dashboard.tsx';
export {openDashboard} from './open-dashboard.tsx';
