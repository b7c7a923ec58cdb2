/** The shipper's own diagnostics: one JSON object per line. */

import type { Secrets } from './secrets.js';

export type Fields = Readonly<Record<string, unknown>>;

export interface Log {
  info(message: string, fields?: Fields): void;
  /**
   * A problem, which may come a thousand times a second: the same `key` is printed at once, then at most once a
   * minute, with the number of those left out in between.
   */
  problem(level: 'warn' | 'error', key: string, message: string, fields?: Fields): void;
}

const REPEAT_MS = 60_000;
/** Keys are few; a bound all the same, as some hold a service's words. */
const KEYS_MAX = 1000;

export interface LogOptions {
  readonly write: (line: string) => void;
  readonly now: () => number;
  readonly secrets?: Secrets;
}

export function createLog({ write, now, secrets }: LogOptions): Log {
  const seen = new Map<string, { printedMs: number; suppressed: number }>();

  const print = (level: string, message: string, fields: Fields = {}) => {
    // Texts only: a count of what was redacted is below the name of its kind.
    const redacted = (_: string, value: unknown) => (typeof value === 'string' ? secrets?.redact(value) : value);
    const line = { time: new Date(now()).toISOString(), level, message, ...fields };
    write(`${JSON.stringify(line, secrets && redacted)}\n`);
  };
  return {
    info: (message, fields) => print('info', message, fields),
    problem(level, key, message, fields) {
      const last = seen.get(key);
      if (last !== undefined && now() - last.printedMs < REPEAT_MS) {
        last.suppressed += 1;
        return;
      }
      if (last === undefined && seen.size >= KEYS_MAX) seen.clear();
      seen.set(key, { printedMs: now(), suppressed: 0 });
      print(
        level,
        message,
        last !== undefined && last.suppressed > 0 ? { ...fields, repeated: last.suppressed } : fields,
      );
    },
  };
}
