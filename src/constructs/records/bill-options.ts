/** Options that decide which records are sent, and how many. */
import { BILL_SETTINGS } from '../../catalog/records/bill.js';
import { must } from '../props/must.js';
import { configMapFilePath } from '../sidecar/sink-files.js';
import type { Binding } from '../sinks/bind.js';
import type { ConfigMapFile } from '../sinks/sink-config.js';

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

/** Keeps records in memory and sends them only around an error, or when a process fails. */
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

/** The properties of `RecordOptions` that these bindings are made of. */
export interface BillOptions {
  readonly rules?: readonly string[];
  readonly budget?: Budget;
  readonly flightRecorder?: FlightRecorder;
  readonly stage?: StageModule;
}

export function billBindings({ rules, budget = {}, flightRecorder, stage }: BillOptions): Binding[] {
  for (const rule of rules ?? []) {
    const outsideOfTexts = rule.replace(/\/(?:[^/\\\n]|\\.)+\/|"[^"\n]*"/g, '');
    must(!/[;\n]/.test(outsideOfTexts), 'rules', rule, 'be one rule: list the rules');
  }
  const module = stage && `module:${configMapFilePath(stageFile(stage))}`;
  return [
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
    { property: 'stage', setting: BILL_SETTINGS.stage, value: module },
  ];
}

export function stageFile({ configMap: configMapName, key }: StageModule): ConfigMapFile {
  const rule = 'be a key of a ConfigMap with the suffix .mjs or .cjs: rename it';
  must(/^[-._a-zA-Z0-9]{1,249}\.[mc]js$/.test(key), 'stage.key', key, rule);
  return { configMapName, key };
}
