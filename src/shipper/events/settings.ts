/** Settings to the options of the assemblers. */

import type { Origin } from '../parts.js';
import { ByContainer } from '../records/by-container.js';
import type { Settings } from '../settings.js';
import { matcherOf } from '../stages/matcher.js';
import type { Line } from './line.js';
import type { EventChoice, EventSettings } from './room.js';

const BLANK = 0x20;
const TAB = 0x09;

type EventRows = Pick<Settings, 'events' | 'eventMaxLines' | 'eventMaxBytes' | 'eventIdleMs'>;

/** `undefined` where each line is a record. */
export function eventSettingsOf({
  events,
  eventMaxLines,
  eventMaxBytes,
  eventIdleMs,
  lineMaxBytes,
}: EventRows & Pick<Settings, 'lineMaxBytes'>): EventSettings | undefined {
  if (events.mode === 'off') return undefined;
  const bounds = {
    maxLines: eventMaxLines,
    maxBytes: Math.min(eventMaxBytes, lineMaxBytes),
    idleMs: eventIdleMs,
  };
  if (events.mode === 'auto') return bounds;
  return { ...bounds, isFirstLine: events.mode === 'pattern' ? matches(events.expression) : isNotIndented };
}

/** The options of each origin's assembler: the same for all where no container has settings of its own. */
export function eventChoiceOf(settings: Settings): EventSettings | EventChoice | undefined {
  const { containerSettings } = settings;
  if (containerSettings === undefined) return eventSettingsOf(settings);
  const by = new ByContainer(settings, containerSettings, (each) => ({ events: eventSettingsOf(each) }));
  return {
    of: (origin: Origin) => by.of(origin).events,
    idleMs: Math.min(...by.all.map(({ events }) => events?.idleMs ?? Number.POSITIVE_INFINITY)),
  };
}

const isNotIndented = (line: Line): boolean => line.at(0) !== BLANK && line.at(0) !== TAB;

function matches(expression: string): (line: Line) => boolean {
  const isMatch = matcherOf(expression);
  return ({ bytes, start, end }) =>
    isMatch(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString());
}
