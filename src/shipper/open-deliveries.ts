/** Settings to the way out: sinks, the file of dead letters, and the options of each delivery. For `ship`, `--check` and `replay`. */
import { type NamedSink, namedSinks } from '../catalog/records/container-sinks.js';
import type { Ledger } from './accounting/ledger.js';
import { Tally } from './accounting/tally.js';
import type { AuditLog } from './audit/audit-log.js';
import type { Cursor } from './buffer/cursor.js';
import { DeadLetterFile } from './dead-letters/dead-letter-file.js';
import type { DeadLetters, DeliverOptions, SinkHealth } from './delivery/deliver.js';
import { RoutedSink } from './delivery/routed-sink.js';
import type { Log } from './log.js';
import type { RecordBatch, Sink } from './parts.js';
import type { Secrets } from './secrets.js';
import type { Settings } from './settings.js';
import { openSink } from './sinks/index.js';
import type { SinkContext } from './sinks/sink-context.js';
import { sleep } from './sleep.js';

/** A send without progress for this long has failed. */
const ATTEMPT_MS = 30_000;

/** Context of every part of the way out. */
export interface DeliveryContext {
  readonly settings: Settings;
  readonly log: Log;
  readonly secrets: Secrets;
  /** Monotonic. */
  readonly now: () => number;
}

/** What sinks tell, each with its name, and what they have to know of a previous run. */
export interface SinkEvents extends Pick<SinkContext, 'isContinued' | 'replacedTimes' | 'notesDirectory'> {
  readonly onRequest?: (sink: string, code: string, seconds: number) => void;
  readonly onPossibleDuplicates?: (sink: string, records: Tally) => void;
  readonly onBilled?: (sink: string, bytes: number) => void;
}

/** The sinks of the settings, in the order of `namedSinks`, or those given. Throws a ConfigError when one cannot work. */
export async function openSinks(
  { settings, log, secrets, audit }: Omit<DeliveryContext, 'now'> & { readonly audit?: AuditLog | undefined },
  { onRequest, onPossibleDuplicates, onBilled, isContinued = false, replacedTimes, notesDirectory }: SinkEvents = {},
  named: readonly NamedSink<Settings>[] = namedSinks(settings),
): Promise<readonly Sink[]> {
  const sinks: Sink[] = [];
  for (const { name, kind, settings: own, isFor } of named) {
    const onNotice = (notice: string) => log.problem('warn', `${name} ${notice}`, `${name}: ${notice}`);
    const context = {
      ...{ name, settings: own, secrets, onNotice, isContinued, replacedTimes, notesDirectory, audit: audit?.of(name) },
      onRequest: (code: string, seconds: number) => onRequest?.(name, code, seconds),
      onPossibleDuplicates: (records: RecordBatch) => onPossibleDuplicates?.(name, Tally.of(records)),
      onBilled: (bytes: number) => onBilled?.(name, bytes),
    };
    const sink = await openSink(kind, context);
    sinks.push(isFor === undefined && name === kind ? sink : new RoutedSink(name, sink, isFor));
  }
  return sinks;
}

/** `undefined` when no file is set: permanently rejected records are then only counted. Throws a ConfigError when it cannot be written. */
export function openDeadLetters({ settings, log, secrets, now }: DeliveryContext): DeadLetterFile | undefined {
  const { deadLetterFile: path, deadLetterMaxBytes: maxBytes } = settings;
  if (path === undefined) return undefined;
  return new DeadLetterFile({ path, maxBytes, now: Date.now, monotonicMs: now, log, secrets });
}

/** The parts that differ between deliveries. */
export interface DeliveryParts extends Pick<DeliverOptions, 'hurry' | 'deadline' | 'remainingMs' | 'blockedMaxBytes'> {
  readonly sink: Sink;
  readonly cursor: Cursor;
  readonly health: SinkHealth;
  readonly ledger: Ledger;
  readonly deadLetters: DeadLetters | undefined;
}

export function deliveryOf(parts: DeliveryParts, { log, now }: Pick<DeliveryContext, 'log' | 'now'>): DeliverOptions {
  return { ...parts, log, now, sleep, random: Math.random, attemptMs: ATTEMPT_MS };
}
