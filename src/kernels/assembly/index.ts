export { accessSeverities } from './access';
export { documents, isBodyFull, nextDocument } from './bulk';
export { markCards } from './cards';
export { events, eventsBilled, eventsWritten, isOutOfRoom } from './events';
export { objectFields } from './objects';
export { grown, jsonText } from './text';
