/** The time that a record says, in the many ways in which programs write it. */

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MONTHS: readonly string[] = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
/** Hours from UTC. Names that several zones have, such as CST and IST, are not here. */
const ZONES: Readonly<Record<string, number>> = {
  ...{ Z: 0, UTC: 0, GMT: 0, WET: 0, WEST: 1, CET: 1, CEST: 2, EET: 2, EEST: 3, MSK: 3, JST: 9 },
  ...{ EST: -5, EDT: -4, CDT: -5, MST: -7, MDT: -6, PST: -8, PDT: -7 },
};

/** A record's time is believed from this long before it was written: 31 days, as a frame's. */
const PAST_MS = 31 * DAY_MS;
/** Programs write after the event. A later time is a clock of another zone, or no time of the event. */
const FUTURE_MS = 10 * 60_000;

/** Milliseconds by which a zone is ahead of UTC at a time. */
export type ZoneOffset = (utcMs: number) => number;
export const UTC: ZoneOffset = () => 0;

/** Of an IANA name such as Europe/Berlin. Throws a RangeError for an unknown one. */
export function zoneOffset(name: string): ZoneOffset {
  const format = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone: name, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric' },
    ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
  });
  // Offsets change on a quarter of an hour.
  const STEP_MS = HOUR_MS / 4;
  let step = Number.NaN;
  let offset = 0;
  return (utcMs) => {
    const at = Math.floor(utcMs / STEP_MS);
    if (at !== step) {
      step = at;
      const part: Record<string, number> = {};
      for (const { type, value } of format.formatToParts(at * STEP_MS)) part[type] = Number(value);
      const local = Date.UTC(part.year!, part.month! - 1, part.day!, part.hour!, part.minute!, part.second!);
      offset = local - at * STEP_MS;
    }
    return offset;
  };
}

const CLOCK = String.raw`(?<hour>\d{1,2}):(?<minute>\d\d)(?::(?<second>\d\d)(?:[.,:](?<fraction>\d{1,9}))?)?`;
const ZONE = String.raw`(?: ?(?<half>[AP]M))?(?: ?(?<zone>Z|[+-]\d\d:?\d\d|[+-]\d\d|[A-Z]{3,4}))?`;
const DATES: readonly string[] = [
  String.raw`(?<year>\d{4})[-/.](?<month>\d\d)[-/.](?<day>\d\d)[T _]{1,2}`,
  String.raw`(?:[A-Za-z]{3}, )?(?<day>\d{1,2})[-/ ](?<name>[A-Za-z]{3})[-/ ](?<year>\d{4})[: ]{1,2}`,
  // The year may come last.
  String.raw`(?:[A-Za-z]{3} )?(?<name>[A-Za-z]{3}) {1,2}(?<day>\d{1,2}),? (?:(?<year>\d{4}),? )?`,
  // With two digits the year comes first.
  String.raw`(?<shortYear>\d\d)/(?<month>0[1-9]|1[0-2])/(?<day>\d\d) `,
  String.raw`(?<month>1[0-2]|0?[1-9])/(?<day>\d{1,2})/(?<shortYear>\d\d),? `,
  String.raw`(?<month>\d\d)/(?<day>\d\d)/(?<year>\d{4}),? `,
  String.raw`(?<shortYear>\d\d)(?<month>\d\d)(?<day>\d\d) {1,2}`,
  // klog.
  String.raw`(?<year>\d{4})?(?<month>\d\d)(?<day>\d\d) `,
  '',
];
const SHAPES = DATES.map((date) => new RegExp(`^${date}${CLOCK}${ZONE}(?: (?<lastYear>\\d{4}))?$`));

/**
 * Milliseconds since 1970 of a time in text; `undefined` where it is none. What it leaves out, a year or a date, is the one that
 * comes closest to `nearMs`. Without a zone it is of `zone`.
 */
export function timeOf(text: string | number, nearMs: number, zone: ZoneOffset = UTC): number | undefined {
  if (typeof text === 'number') return timeOfNumber(text);
  if (/^\d{9,19}(?:\.\d+)?$/.test(text)) return timeOfNumber(Number(text));
  for (const shape of SHAPES) {
    const groups = shape.exec(text)?.groups;
    if (groups !== undefined) return timeOfParts(groups, nearMs, zone);
  }
  return undefined;
}

/** Seconds, milliseconds, microseconds or nanoseconds, by their size. */
function timeOfNumber(value: number): number | undefined {
  if (value >= 1e8 && value < 1e11) return value * 1000;
  if (value >= 1e11 && value < 1e14) return value;
  if (value >= 1e14 && value < 1e17) return value / 1e3;
  return value >= 1e17 && value < 1e20 ? value / 1e6 : undefined;
}

function timeOfParts(parts: Readonly<Record<string, string | undefined>>, nearMs: number, zone: ZoneOffset) {
  const { year, shortYear, lastYear, name, half, fraction = '' } = parts;
  const month = name === undefined ? Number(parts.month) - 1 : MONTHS.indexOf(name.toLowerCase());
  const day = Number(parts.day);
  const minute = Number(parts.minute);
  const second = Number(parts.second ?? 0);
  let hour = Number(parts.hour);
  if (half !== undefined) hour = (hour % 12) + (half === 'PM' ? 12 : 0);
  const clock = ((hour * 60 + minute) * 60 + second) * 1000 + Number(`0.${fraction || 0}`) * 1000;
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  const offset = parts.zone === undefined ? undefined : offsetOf(parts.zone);
  if (offset === null) return undefined;
  const toUtc = (localMs: number) => localMs - (offset ?? zone(localMs - zone(localMs)));
  if (parts.day === undefined)
    return closest(
      [-1, 0, 1].map((days) => toUtc(startOfDay(nearMs) + days * DAY_MS + clock)),
      nearMs,
    );
  if (month < 0 || month > 11 || Number.isNaN(month) || day < 1 || day > 31) return undefined;
  const of = (fullYear: number) => toUtc(Date.UTC(fullYear, month, day) + clock);
  const given = year ?? lastYear ?? (shortYear === undefined ? undefined : `20${shortYear}`);
  if (given !== undefined) return of(Number(given));
  const near = new Date(nearMs).getUTCFullYear();
  return closest([near - 1, near, near + 1].map(of), nearMs);
}

const startOfDay = (timeMs: number): number => Math.floor(timeMs / DAY_MS) * DAY_MS;
const closest = (times: readonly number[], nearMs: number): number =>
  times.reduce((best, time) => (Math.abs(time - nearMs) < Math.abs(best - nearMs) ? time : best));

/** Milliseconds; `null` for a zone that is not known. */
function offsetOf(zone: string): number | null {
  const hours = ZONES[zone];
  if (hours !== undefined) return hours * HOUR_MS;
  const [, sign, hour, minute = '0'] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone) ?? [];
  if (hour === undefined) return null;
  return (sign === '-' ? -1 : 1) * (Number(hour) * HOUR_MS + Number(minute) * 60_000);
}

/** Whether a record that was written at a time may be of an event at another. */
export const isBelievable = (eventMs: number, writtenMs: number, pastMs = PAST_MS): boolean =>
  eventMs >= writtenMs - pastMs && eventMs <= writtenMs + FUTURE_MS;
