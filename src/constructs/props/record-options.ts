/** Options of the records on their way to the sink: which are kept, and how much of them. */
import { BILL_SETTINGS } from '../../catalog/bill.js';
import { EVENT_SETTINGS } from '../../catalog/events.js';
import { configMapFilePath } from '../injection/sink-files.js';
import { type Binding, bindSettings } from '../sinks/bind.js';
import type { ConfigMapFile, SecretFile } from '../sinks/sink-config.js';
import { must } from './must.js';

/** Levels of records. */
export enum RecordLevel {
  /** Every step of the program. */
  TRACE = 'trace',
  /** Details for developers. */
  DEBUG = 'debug',
  /** Normal operation. */
  INFO = 'info',
  /** Unexpected, but the program continues. */
  WARN = 'warn',
  /** An operation failed. */
  ERROR = 'error',
  /** The program cannot continue. */
  FATAL = 'fatal',
}

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

/** Limits on the records that the shipper sends. The others are withheld, counted, and reported in one record. */
export interface Budget {
  /**
   * Most message bytes of a shipper per day (UTC).
   *
   * @default - no limit
   */
  readonly bytesPerDay?: number;

  /**
   * Most records of each stream per second, minute or hour: `100/s`, `6000/m` or `100000/h`.
   *
   * @default - no limit
   */
  readonly rateLimit?: string;

  /**
   * Seconds within which a repeated text of a stream is sent once, with the number of repetitions.
   *
   * @default - repeated texts are sent
   */
  readonly deduplicateSeconds?: number;
}

/** Keeps records in memory and sends them only around an error, or when a signal kills a process. */
export interface FlightRecorder {
  /** Minutes for which records are kept. */
  readonly minutes: number;

  /**
   * Records below this level, and those without a level, are kept instead of sent.
   *
   * @default RecordLevel.WARN
   */
  readonly belowLevel?: RecordLevel;
}

/** A JavaScript module in a ConfigMap that changes or withholds records. `docs/guides/halve-the-bill.md` has its interface. */
export interface StageModule {
  /** Name of the ConfigMap, in the namespace of the workload. */
  readonly configMap: string;

  /** Key in the ConfigMap, such as `stage.mjs`. The suffix `.mjs` or `.cjs` determines the kind of module. */
  readonly key: string;
}

/** Options of the records on their way to the sink. */
export interface RecordOptions {
  /**
   * Lines that belong together and become one record, such as a stack trace.
   *
   * @default - `EventMode.AUTO`
   */
  readonly events?: EventOptions;

  /**
   * Rules that keep, drop or sample records, such as `drop level<info`. The first rule whose conditions all hold decides, and
   * a record without a matching rule is kept. `docs/guides/halve-the-bill.md` has the grammar.
   *
   * @default - every record is kept
   */
  readonly rules?: string[];

  /**
   * Limits on the records that the shipper sends.
   *
   * @default - no limits
   */
  readonly budget?: Budget;

  /**
   * Keeps details in memory and sends them only around an error.
   *
   * @default - no flight recorder
   */
  readonly flightRecorder?: FlightRecorder;

  /**
   * A module that changes or withholds records, before the rules.
   *
   * @default - no module
   */
  readonly stage?: StageModule;
}

/** The part of the shipper's configuration that follows from the options. */
export interface RecordConfig {
  readonly settings: Readonly<Record<string, string>>;
  readonly secretFiles: readonly SecretFile[];
  readonly configMapFiles: readonly ConfigMapFile[];
}

/** @throws with the property, the rule and the remedy if the shipper would reject the settings at start */
export function resolveRecords(options: RecordOptions): RecordConfig {
  const { events = {}, rules, budget = {}, flightRecorder, stage } = options;
  const { mode, pattern } = events;
  must(mode === undefined || pattern === undefined, 'events.mode', mode, "be left out with 'events.pattern'");
  for (const rule of rules ?? []) {
    must(
      !/[;\n]/.test(rule.replace(/\/(?:[^/\\\n]|\\.)+\/|"[^"\n]*"/g, '')),
      'rules',
      rule,
      'be one rule: list the rules',
    );
  }
  const bindings: Binding[] = [
    {
      property: pattern === undefined ? 'events.mode' : 'events.pattern',
      setting: EVENT_SETTINGS.events,
      value: pattern === undefined ? mode : `pattern:${pattern}`,
    },
    { property: 'events.maxLines', setting: EVENT_SETTINGS.eventMaxLines, value: events.maxLines },
    { property: 'events.maxBytes', setting: EVENT_SETTINGS.eventMaxBytes, value: events.maxBytes },
    { property: 'events.idleMs', setting: EVENT_SETTINGS.eventIdleMs, value: events.idleMs },
    { property: 'rules', setting: BILL_SETTINGS.rules, value: rules?.join('; ') },
    { property: 'budget.bytesPerDay', setting: BILL_SETTINGS.budgetBytesPerDay, value: budget.bytesPerDay },
    { property: 'budget.rateLimit', setting: BILL_SETTINGS.rateLimit, value: budget.rateLimit },
    {
      property: 'budget.deduplicateSeconds',
      setting: BILL_SETTINGS.deduplicateSeconds,
      value: budget.deduplicateSeconds,
    },
    { property: 'flightRecorder.minutes', setting: BILL_SETTINGS.recorderMinutes, value: flightRecorder?.minutes },
    { property: 'flightRecorder.belowLevel', setting: BILL_SETTINGS.recorderLevel, value: flightRecorder?.belowLevel },
    {
      property: 'stage',
      setting: BILL_SETTINGS.stage,
      value: stage && `module:${configMapFilePath(stageFile(stage))}`,
    },
  ];
  return { ...bindSettings(bindings), configMapFiles: stage === undefined ? [] : [stageFile(stage)] };
}

function stageFile({ configMap: configMapName, key }: StageModule): ConfigMapFile {
  const rule = 'be a key of a ConfigMap with the suffix .mjs or .cjs: rename it';
  must(/^[-._a-zA-Z0-9]{1,249}\.[mc]js$/.test(key), 'stage.key', key, rule);
  return { configMapName, key };
}
