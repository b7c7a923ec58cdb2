/** Settings to what the assemblers are told. */
import type { Settings } from '../settings.js';
import { matcherOf } from '../stages/matcher.js';
import type { Line } from './line.js';
import type { EventSettings } from './room.js';

const BLANK = 0x20;
const TAB = 0x09;

/** `undefined` where each line is a record. */
export function eventSettingsOf({
  events,
  eventMaxLines,
  eventMaxBytes,
  eventIdleMs,
  lineMaxBytes,
}: Pick<Settings, 'events' | 'eventMaxLines' | 'eventMaxBytes' | 'eventIdleMs' | 'lineMaxBytes'>):
  | EventSettings
  | undefined {
  if (events.mode === 'off') return undefined;
  const bounds = {
    maxLines: eventMaxLines,
    maxBytes: Math.min(eventMaxBytes, lineMaxBytes),
    idleMs: eventIdleMs,
  };
  if (events.mode === 'auto') return bounds;
  return { ...bounds, isFirstLine: events.mode === 'pattern' ? matches(events.expression) : isNotIndented };
}

const isNotIndented = (line: Line): boolean => line.at(0) !== BLANK && line.at(0) !== TAB;

function matches(expression: string): (line: Line) => boolean {
  const isMatch = matcherOf(expression);
  return ({ bytes, start, end }) =>
    isMatch(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString());
}
