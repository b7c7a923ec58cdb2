/** Settings of events: which lines become one record. */

import type { Rule } from '../rule.js';
import { type Setting, setting } from '../setting.js';
import { regularExpression } from '../values/regular-expression.js';
import * as value from '../values/setting-values.js';

export type Events =
  | { readonly mode: 'auto' | 'off' | 'indent' }
  /** Of the first line of an event, in the syntax of RE2. */
  | { readonly mode: 'pattern'; readonly expression: string };

const PATTERN = 'pattern:';

function events(text: string): Events {
  if (text === 'auto' || text === 'off' || text === 'indent') return { mode: text };
  if (!text.startsWith(PATTERN) || text === PATTERN) {
    throw new Error(
      'must be auto, off, indent, or pattern: and the regular expression of a first line, such as pattern:^\\d{4}-. Correct it.',
    );
  }
  return { mode: 'pattern', expression: regularExpression(text.slice(PATTERN.length)) };
}

export const EVENT_SETTINGS = {
  events: setting({
    name: 'LOGTAP_EVENTS',
    default: 'auto',
    help: 'Which lines of a stream become one record. `auto`: stack traces of known runtimes, indented lines, and the lines of one write that begins as a log event does. `indent`: a line and the indented lines after it. `pattern:EXPRESSION`: a line that the expression matches (syntax of RE2), and the lines after it that it does not match. `off`: each line is a record.',
    parse: events,
  }),
  eventMaxLines: setting({
    name: 'LOGTAP_EVENT_MAX_LINES',
    default: '2000',
    help: 'Most lines of a record. The lines that follow become another record.',
    parse: value.integer(1, 1_000_000),
  }),
  eventMaxBytes: setting({
    name: 'LOGTAP_EVENT_MAX_BYTES',
    default: '262144',
    help: 'Most bytes of a record of several lines, and not more than `LOGTAP_LINE_MAX_BYTES`. The lines that follow become another record.',
    parse: value.integer(1000, 16_000_000),
  }),
  eventIdleMs: setting({
    name: 'LOGTAP_EVENT_IDLE_MS',
    default: '1000',
    help: 'Time without a further line after which a record is complete. The last line of a stream waits this long, and at most 250 ms without a sign of an error in it. Below 150, traces of slow programs are divided.',
    parse: value.integer(10, 60_000),
  }),
} as const;

const { events: row, eventMaxLines, eventMaxBytes, eventIdleMs } = EVENT_SETTINGS;

const needsEvents = (bound: Setting<number>): Rule => ({
  settings: [bound, row],
  isBroken: ({ isGiven, read }) => isGiven(bound) && read(row)?.mode === 'off',
  says: (nameOf) =>
    `${nameOf(bound)} has no effect with ${nameOf(row)}=off, which joins no lines. Set ${nameOf(row)} to another mode, or remove the first.`,
});

export const EVENT_RULES: readonly Rule[] = [eventMaxLines, eventMaxBytes, eventIdleMs].map(needsEvents);
