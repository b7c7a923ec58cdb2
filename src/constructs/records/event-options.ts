/** Options for lines that become one record. */
import { EVENT_SETTINGS } from '../../catalog/records/events.js';
import { must } from '../props/must.js';
import type { Binding } from '../sinks/bind.js';

/** Ways to join lines to records. */
export enum EventMode {
  /** Stack traces of known runtimes, indented lines, and lines of one write that begins as a log event does. */
  AUTO = 'auto',
  /** Each line is a record. */
  OFF = 'off',
  /** A line and the indented lines after it. */
  INDENT = 'indent',
}

/** Options for lines that belong together and become one record. */
export interface EventOptions {
  /**
   * Way to join lines.
   *
   * @default EventMode.AUTO
   */
  readonly mode?: EventMode;

  /**
   * Regular expression, in the syntax of RE2, that matches the first line of each record, such as `^\d{4}-`. Replaces `mode`.
   *
   * @default - the mode decides
   */
  readonly pattern?: string;

  /**
   * Most lines of a record.
   *
   * @default 2000
   */
  readonly maxLines?: number;

  /**
   * Most bytes of a record of several lines.
   *
   * @default 262144
   */
  readonly maxBytes?: number;

  /**
   * Milliseconds without a further line after which a record is complete.
   *
   * @default 1000
   */
  readonly idleMs?: number;
}

export function eventBindings({ mode, pattern, maxLines, maxBytes, idleMs }: EventOptions): Binding[] {
  must(mode === undefined || pattern === undefined, 'events.mode', mode, "be left out with 'events.pattern'");
  const isPattern = pattern !== undefined;
  return [
    {
      property: isPattern ? 'events.pattern' : 'events.mode',
      setting: EVENT_SETTINGS.events,
      value: isPattern ? `pattern:${pattern}` : mode,
    },
    { property: 'events.maxLines', setting: EVENT_SETTINGS.eventMaxLines, value: maxLines },
    { property: 'events.maxBytes', setting: EVENT_SETTINGS.eventMaxBytes, value: maxBytes },
    { property: 'events.idleMs', setting: EVENT_SETTINGS.eventIdleMs, value: idleMs },
  ];
}
