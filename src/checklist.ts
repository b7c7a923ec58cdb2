/** A checklist: one line per thing checked. The first word is its status; the text has the remedy and where to read on. */
import type { Colours } from './colours.js';

export type Status = 'pass' | 'info' | 'warning' | 'failure';

const WIDTH = 'warning'.length;
const COLOURS = { pass: 'green', info: 'dim', warning: 'yellow', failure: 'red' } as const;

export const checklistLine = (status: Status, text: string, colours: Colours): string =>
  `${colours[COLOURS[status]](status)}${' '.repeat(WIDTH - status.length)}  ${text}\n`;
