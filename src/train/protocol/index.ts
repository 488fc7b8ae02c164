export {eventSchema, phases, type EventBody, type EventOf, type Phase, type RunEvent} from './events.ts';
export {commandSchema, type Command} from './commands.ts';
