export {PresetsRoom} from './presets-room.tsx';
