/** Numbers and times for a reader. */

const WHOLE = new Intl.NumberFormat('en');
const SHORT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

export const whole = (value: number): string => WHOLE.format(Math.round(value));

/** `3 lines`. */
export const lines = (records: number): string => `${whole(records)} line${records === 1 ? '' : 's'}`;

/** Per second, as short as it is exact enough. */
export const rate = (perSecond: number): string =>
  perSecond >= 10_000
    ? SHORT.format(perSecond)
    : perSecond >= 10 || perSecond === 0
      ? whole(perSecond)
      : perSecond.toFixed(1);

export const percent = (ratio: number): string =>
  ratio > 0 && ratio < 0.01 ? '<1 %' : `${Math.round(Math.min(ratio, 1) * 100)} %`;

/** `12 s`, `3 min`, `5 h`. */
export function age(seconds: number): string {
  if (seconds < 1) return seconds === 0 ? '0 s' : '<1 s';
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}

export const sum = (byReason: Readonly<Record<string, number>>): number =>
  Object.values(byReason).reduce((total, records) => total + records, 0);

const two = (value: number) => String(value).padStart(2, '0');

/** Time of day of the reader, with milliseconds. */
export function clock(timestamp: string): string {
  const time = new Date(timestamp);
  const ms = String(time.getMilliseconds()).padStart(3, '0');
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${ms}`;
}
