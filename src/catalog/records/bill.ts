/** Settings that withhold records: rules, sampling, rate limits, budgets, de-duplication and the flight recorder. */
import { needs, type Rule } from '../rule.js';
import { setting } from '../setting.js';
import { LEVELS, recordRules } from '../values/record-rules.js';
import * as value from '../values/setting-values.js';

export interface RateLimit {
  readonly records: number;
  readonly perMs: number;
}

const UNITS = { s: 1000, m: 60_000, h: 3_600_000 } as const;

/** `100/s`, `6000/m` or `100000/h`. */
function rateLimit(text: string): RateLimit {
  const [, records, unit] = /^([1-9]\d{0,11})\/([smh])$/.exec(text) ?? [];
  if (unit === undefined) {
    throw new Error(
      'must be a number of records per second, minute or hour, such as 100/s, 6000/m or 100000/h. Correct it.',
    );
  }
  return { records: Number(records), perMs: UNITS[unit as keyof typeof UNITS] };
}

/** `module:/path/stage.mjs`; the path. */
function modulePath(text: string): string {
  const [, path] = /^module:(.*)$/s.exec(text) ?? [];
  if (path === undefined)
    throw new Error('must be module: and an absolute path, such as module:/etc/logtap/stage.mjs. Correct it.');
  return value.absolutePath(path);
}

export const BILL_SETTINGS = {
  stage: setting({
    name: 'LOGTAP_STAGE',
    defaultMeaning: 'none',
    help: '`module:PATH`, a JavaScript module that changes or withholds records, before the rules.',
    parse: modulePath,
  }),
  rules: setting({
    name: 'LOGTAP_RULES',
    defaultMeaning: 'none: every record is kept',
    help: 'Rules separated by `;` or line ends. The first rule whose conditions all hold decides; a record that no rule matches is kept. `keep`, `drop` or `sample N%`, then conditions: `level>=warn` (also `= != < <= >`; `unknown` without a level), `stream=stderr`, `file=/var/log/**`, `container=web-*`, `process=java` and `text~/EXPRESSION/`, each negated with `!`. Sampling decides per record by its id. A record that a `keep` rule matches is exempt from all limits below.',
    parse: recordRules,
  }),
  deduplicateSeconds: setting({
    name: 'LOGTAP_DEDUPLICATE_SECONDS',
    defaultMeaning: 'never: repeated records are kept',
    help: 'Withholds records of a stream whose text was sent within this time, and sends one record with their number.',
    parse: value.integer(1, 86_400),
  }),
  recorderMinutes: setting({
    name: 'LOGTAP_RECORDER_MINUTES',
    defaultMeaning: 'no flight recorder',
    help: 'Keeps records below `LOGTAP_RECORDER_LEVEL` in memory for this time, and sends them only around an error: those before it, and those of the next minute. A process that ends with an exit status other than 0 or that a signal kills, and SIGUSR1 to the shipper, have the same effect.',
    parse: value.integer(1, 1440),
  }),
  recorderLevel: setting({
    name: 'LOGTAP_RECORDER_LEVEL',
    default: 'warn',
    help: 'Records below this level, and those without a level, go to the flight recorder.',
    parse: value.oneOf(LEVELS),
  }),
  rateLimit: setting({
    name: 'LOGTAP_RATE_LIMIT',
    defaultMeaning: 'none',
    help: 'Most records of each stream per second (`100/s`), minute (`6000/m`) or hour (`100000/h`), by the times of the records. The others are withheld, and one record has their number.',
    parse: rateLimit,
  }),
  budgetBytesPerDay: setting({
    name: 'LOGTAP_BUDGET_BYTES_PER_DAY',
    defaultMeaning: 'none',
    help: 'Most message bytes of this shipper per day (UTC), by the times of the records. The others are withheld; one record tells when the budget is spent, and one has the total of the day. A restart begins a new budget.',
    parse: value.integer(1024, 1024 ** 5),
  }),
} as const;

export const BILL_RULES: readonly Rule[] = [needs(BILL_SETTINGS.recorderLevel, BILL_SETTINGS.recorderMinutes)];
