export {RunsRoom} from './runs-room.tsx';
