export { accessSeverities } from './access';
export { documents, isBodyFull, nextDocument } from './bulk';
export { grown, jsonText } from './text';
