/** The bundle dist/prove/main.js. Its interface is src/cli/prove/prove-module.ts. */
export { certificateText, prove } from './prove.js';
