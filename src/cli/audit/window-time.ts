/** The bounds of a window: a time, or how long ago it was. */
import { UsageError } from '../usage.js';

const AGO = /^(\d{1,6})(s|m|h|d)$/;
const ROUNDED: readonly string[] = ['h', 'd'];
const MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Whether it names another time with each call. */
export const isRelative = (text: string | undefined): boolean => text !== undefined && AGO.test(text);

/**
 * In milliseconds since 1970. A beginning that is hours or days ago is that of its whole hour or day: the claims of a ledger may
 * be about hours and days, and nothing can be proven about a part of them. Throws a UsageError that names the flag.
 */
export function timeOf(flag: '--since' | '--until', text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const [, count = '', unit = ''] = AGO.exec(text) ?? [];
  if (unit !== '') {
    const ms = nowMs - Number(count) * MS[unit]!;
    return flag === '--since' && ROUNDED.includes(unit) ? Math.floor(ms / MS[unit]!) * MS[unit]! : ms;
  }
  const ms = Date.parse(text);
  // Numbers alone are years to Date.parse.
  if (Number.isNaN(ms) || !/^\d{4}-\d\d/.test(text)) {
    throw new UsageError(
      `${flag} (${text}) must be a time such as 2026-11-28T14:00:00Z, or how long ago, such as 90s, 15m, 2h or 7d`,
    );
  }
  return ms;
}
